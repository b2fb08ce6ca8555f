# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown] tags=["slide"]
# # 10 · Putting them together
# ### 合而為一: encoder and generator, trained as one
#
# **The question of this lecture: an encoder finds the code of a picture, a generator makes a picture
# from a code. What do we win when the two are trained together?**

# %% tags=["setup"]

# %% [markdown]
# **When you are through, you can**
#
# 1. show on the same faces, with the same numbers, what a VAE lacks and what a GAN lacks;
# 2. write the three losses of a VAE-GAN, and let each network learn from its own loss only;
# 3. write the pairs of a BiGAN, and say why a perfect encoder must undo the generator;
# 4. ask with a linear probe what a code knows, and edit a face by arithmetic on codes;
# 5. place every generator of this course in one table, and say in a few lines what came after.
#
# **Time:** about 70 minutes to read and play, and about two minutes to run on a laptop with two
# cores. **You need:** lecture 06 (VAE), lecture 07 (the game of $G$ and $D$, the fee $R_1$), lecture 09
# (the judge of faces).

# %% [markdown] tags=["terms"]
# | Term | 繁體中文 | In one line |
# | --- | --- | --- |
# | VAE-GAN | 變分自編碼器生成對抗網路 | a VAE that measures its copies in the discriminator's features |
# | feature distance | 特徵距離 | compare what a network sees in two pictures, not their pixels |
# | BiGAN | 雙向生成對抗網路 | a GAN of pairs: picture and code, made in both directions |
# | joint distribution | 聯合分布 | which pictures and codes come together, how often |
# | inverse | 反函數 | what undoes a function |
# | linear probe | 線性探測 | a linear classifier on frozen codes: what do they know? |
# | code arithmetic | 編碼運算 | add the direction of "glasses" to a code |
# | normalizing flow | 正規化流 | a generator that can be run backwards exactly |
# | vector quantisation | 向量量化 | a code of whole numbers, picked from a list |
# | diffusion model | 擴散模型 | makes a picture from noise in many small steps |
# | flow matching | 流匹配 | learns the velocity that carries noise to data |

# %%
import math
import time
import warnings
from itertools import pairwise

import ipywidgets
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from course_utils import datasets, judges, metrics, plotting, ring, training, widgets

faces, test_faces = datasets.pixel_faces("train"), datasets.pixel_faces("test")
names = list(faces.meanings)  # hair_color, eye_color, hair_length, mood, glasses, hat
X, test_X = (part.to_rgb().contiguous(memory_format=torch.channels_last) for part in (faces, test_faces))
attributes, test_attributes = faces.attributes.long(), test_faces.attributes.long()
print(f"{len(X)} faces to learn from, {len(test_X)} to test with, {tuple(X.shape[1:])} each")

# %% [markdown] tags=["slide"]
# ## 1 · The idea in one picture
#
# For four lectures we looked for codes. For five we made new things. A
# VAE has both arrows and is judged pixel by pixel. A GAN is judged by a bird, and has one arrow only.
# Two ways to have it all: give the VAE the bird's eyes (**VAE-GAN**), or give the bird *pairs* of
# picture and code, some made in the one direction and some in the other (**BiGAN**).

# %% tags=["slide"] headline="Two ways to have both arrows"
NETWORK_COLOURS = {"E": plotting.COLOURS[3], "G": plotting.COLOURS[2], "D": plotting.COLOURS[1]}


def chain(axis, places, parts):
    """Networks (boxes) and things (letters) at these places, each joined to the next by an arrow."""
    for (x, y), part in zip(places, parts):
        if part in NETWORK_COLOURS:
            box = plt.Rectangle((x - 0.4, y - 0.28), 0.8, 0.56, color=NETWORK_COLOURS[part], alpha=0.45)
            axis.add_patch(box)
        axis.text(x, y, part, ha="center", va="center", fontsize=11)
    for start, end in pairwise(places):
        axis.annotate("", end, start, arrowprops={"arrowstyle": "->", "shrinkA": 17, "shrinkB": 17})


def row(y, first, n):
    return [(first + 1.4 * i, y) for i in range(n)]


figure, axis = plt.subplots(figsize=(9.6, 4.4))
chain(axis, row(4, 0, 5), ["x", "E", "z", "G", "$\\hat x$"])
chain(axis, row(3, 2.8, 4), ["z", "G", "x", "D"])
chain(axis, row(2, 0, 6), ["x", "E", "z", "G", "$\\hat x$", "D"])
chain(axis, [(0, 1), (1.4, 1), (2.8, 1), (4.2, 0.55)], ["x", "E", "(x, z)", "D"])
chain(axis, [(0, 0.1), (1.4, 0.1), (2.8, 0.1), (4.2, 0.55)], ["z", "G", "(x, z)", ""])
for y, name, x, question in [(4, "VAE", 6.2, "like x, pixel by pixel?"), (3, "GAN", 7.6, "real?"),
                             (2, "VAE-GAN", 7.6, "real? And like x,\nas D sees it?"),
                             (0.55, "BiGAN", 4.9, "which of the two made this pair?")]:  # fmt: skip
    axis.text(-2.0, y, name, va="center", fontsize=11, weight="bold")
    axis.text(x, y, question, va="center", fontsize=10)
axis.set(xlim=(-2.1, 9.8), ylim=(-0.3, 4.4))
axis.axis("off")
plotting.show(
    figure,
    "Four machines as rows of boxes. VAE: x, E, z, G, a copy, compared pixel by pixel. GAN: z, G, x, D. "
    "VAE-GAN: x, E, z, G, a copy, D, which says whether it is real and like x. BiGAN: E makes a pair from "
    "x, G makes a pair from z, and D says which of the two made it.",
)

# %% [markdown] tags=["slide"]
# ## 2 · The simplest thing that could work: an encoder afterwards
#
# Lecture 07 left us a generator without a way back. So: train a GAN first. Then take its pictures, for
# which we *know* the code, and train an encoder to find it. No new idea is needed. Beside it, for
# comparison, a VAE. Both use the same $E$ and $G$; all codes have 32 numbers.

# %%
latent_dim = 32


def body():  # pictures (n, 3, 16, 16) -> (n, 256)
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, 1, 1), nn.LeakyReLU(0.2), nn.Conv2d(16, 32, 4, 2, 1), nn.LeakyReLU(0.2),
        nn.Flatten(), nn.Linear(2048, 256), nn.LeakyReLU(0.2),
    )  # fmt: skip


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(body(), nn.Linear(256, 2 * latent_dim))

    def forward(self, x):  # -> mu, logvar: (n, 32) each
        return self.net(x).chunk(2, 1)


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.start = nn.Sequential(
            nn.Linear(latent_dim, 256, bias=False), nn.BatchNorm1d(256), nn.ReLU(),
            nn.Linear(256, 2048, bias=False), nn.BatchNorm1d(2048), nn.ReLU(),
        )  # fmt: skip
        self.paint = nn.Sequential(
            nn.ConvTranspose2d(32, 32, 4, 2, 1), nn.ReLU(), nn.Conv2d(32, 3, 3, 1, 1), nn.Sigmoid()
        )

    def forward(self, z):  # (n, 32) -> (n, 3, 16, 16)
        h = self.start(z).view(-1, 32, 8, 8)
        return self.paint(h.contiguous(memory_format=torch.channels_last))


# %% [markdown]
# The discriminator is the same body, cut in two: what it **sees** (2,048 features), and the verdict on that.

# %%
class Discriminator(nn.Module):
    """Tells what it sees (its features), and whether it takes it for real (a logit)."""

    def __init__(self):
        super().__init__()
        layers = list(body())
        self.see, self.judge = nn.Sequential(*layers[:5]), nn.Sequential(*layers[5:], nn.Linear(256, 1))

    def forward(self, x):
        h = self.see(x)  # (n, 2048)
        return h, self.judge(h)[:, 0]


# %% [markdown]
# What all trainings share: Adam, batches, a learning rate that falls to zero at the end, and an average of
# the weights to look at afterwards (lecture 07).

# %%
def adam(net, lr, betas=(0.5, 0.99)):
    return torch.optim.Adam(net.parameters(), lr, betas, fused=True)


def batch(n=32):
    return X[torch.randint(len(X), (n,))]


def averaged(net):
    return AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(0.98), use_buffers=True)


def new(kind):
    return kind().to(memory_format=torch.channels_last)


def run(step, optimisers, steps, label, unit="nats", log=False):
    """Train; in the last third the rates fall to zero."""
    start = [o.param_groups[0]["lr"] for o in optimisers]

    def slower_and_slower(t):
        for optimiser, lr in zip(optimisers, start):
            optimiser.param_groups[0]["lr"] = lr * min(1.0, 3 * (1 - t / steps))
        return step(t)

    return training.train(slower_and_slower, steps=steps, label=label, unit=unit, log=log)


def kl_divergence(mu, logvar):  # to the standard normal, in nats: sum over the code, mean over the batch
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(1).mean()


def reparameterise(mu, logvar):
    return mu + (logvar / 2).exp() * torch.randn_like(mu)


# %% tags=["random"]
training.seed_everything(0)
E, G = new(Encoder), new(Generator)
vae_optimisers = [adam(E, 3e-3, (0.9, 0.99)), adam(G, 3e-3, (0.9, 0.99))]


def vae_step(t):
    x = batch(64)
    mu, logvar = E(x)
    copies = G(reparameterise(mu, logvar))
    parts = {
        "reconstruction": (copies - x).square().sum((1, 2, 3)).mean() / (2 * 0.1**2),
        "KL": kl_divergence(mu, logvar),
    }
    for optimiser in vae_optimisers:
        optimiser.zero_grad()
    sum(parts.values()).backward()
    for optimiser in vae_optimisers:
        optimiser.step()
    return parts


vae_history = run(vae_step, vae_optimisers, 400, "VAE", log=True)
machines = {"VAE": (E.eval(), G.eval())}

# %% [markdown]
# The GAN of lecture 07, with the fee $R_1$ in every eighth round:

# %% tags=["random"]
def fee(D, x):
    """R1: the mean squared slope of the logit at real pictures."""
    y = x.clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(D(y)[1].sum(), y, create_graph=True)
    return slope.square().sum((1, 2, 3)).mean()


training.seed_everything(0)
G, D = new(Generator), new(Discriminator)
G_average = averaged(G)
gan_optimisers = g_optimiser, d_optimiser = adam(G, 3e-3), adam(D, 3e-3)


def gan_step(t):
    x, made = batch(), G(torch.randn(32, latent_dim))
    (_, l_real), (_, l_made) = D(x), D(made.detach())
    d_loss = F.softplus(-l_real).mean() + F.softplus(l_made).mean()
    d_optimiser.zero_grad()
    (d_loss + (0.4 * fee(D, x) if t % 8 == 0 else 0)).backward()
    d_optimiser.step()
    g_loss = F.softplus(-D(made)[1]).mean()
    g_optimiser.zero_grad()
    g_loss.backward()
    g_optimiser.step()
    G_average.update_parameters(G)
    return {"D": d_loss, "G": g_loss}


gan_history = run(gan_step, gan_optimisers, 680, "GAN")

# %% [markdown]
# And now the encoder that comes afterwards. It sees made faces only, and learns to say which $z$ each was
# made from. (To say 0 always would cost 1 per number. What it cannot find is what $G$ hardly uses.)

# %% tags=["random"]
training.seed_everything(0)
late, gan_painter = new(Encoder), G_average.eval()
late_optimiser = adam(late, 3e-3, (0.9, 0.99))


def late_step(t):
    z = torch.randn(64, latent_dim)
    with torch.no_grad():
        made = gan_painter(z)
    loss = F.mse_loss(late(made)[0], z)
    late_optimiser.zero_grad()
    loss.backward()
    late_optimiser.step()
    return {"MSE of the code": loss}


late_history = run(late_step, [late_optimiser], 350, "an encoder afterwards", "MSE per number of z")
machines["GAN + late encoder"] = (late.eval(), gan_painter)

# %% [markdown] tags=["slide"]
# <details><summary><b>Predict:</b> made faces come back from their codes nearly unchanged. Will $G(E(x))$
# be like $x$ for a <i>real</i> face $x$, too?</summary>
#
# Only as far as real faces look like made ones. The generator need not be able to draw *this* face at all,
# and the encoder has never met a real face. So it answers with some face that shares a little.
# </details>

# %% tags=["random", "slide"] headline="The VAE loses the eyes, the GAN paints somebody else"
@torch.no_grad()
def copy_of(name, x):
    """x -> E -> z -> G -> a copy, with the middle of the cloud for z."""
    E, G = machines[name]
    return G(E(x)[0])


@torch.no_grad()
def dream(name, n, seed=0):
    """n faces from random codes."""
    z = torch.randn(n, latent_dim, generator=torch.Generator().manual_seed(seed))
    return machines[name][1](z)


def show_copies(names, alt):
    rows = [test_X[:10], *(copy_of(name, test_X[:10]) for name in names)]
    plotting.show_images(torch.cat(rows), alt, rows=["test face", *names], columns=10)


own = dream("GAN + late encoder", 500)
own_back = copy_of("GAN + late encoder", own)
plotting.show_images(
    torch.cat([own[:10], own_back[:10]]),
    "Ten made faces, and below each what comes back from its code: nearly the same face.",
    rows=["made by G", "G(E(made))"],
)
own_error = metrics.mse_per_pixel(own, own_back)
late_error = metrics.mse_per_pixel(test_X[:500], copy_of("GAN + late encoder", test_X[:500]))
print(f"MSE of what comes back: made faces {own_error:.4f}, real faces {late_error:.4f}")
show_copies(["VAE", "GAN + late encoder"], "Ten test faces, the VAE's copies, soft, and the late encoder's: "
            "sharper faces, but of other people.")  # fmt: skip

# %% [markdown]
# The VAE remembers the person and loses the eyes. The GAN paints somebody else.

# %% [markdown] tags=["slide"]
# ## 3 · VAE-GAN: lend the VAE the bird's eyes
#
# Why is the VAE blurred? Its ruler is at fault. It adds up squared differences of pixels, and a picture
# that is grey where it is not sure has a small sum (lecture 06). But we own a network that knows very
# well what faces are made of: the discriminator. Its layers see edges, eyes, rims of glasses. So compare
# two pictures by **what $D$ sees in them** (Larsen et al. 2016), $h(x)$, the features before its verdict:
#
# $$d(x, \hat x) = \frac{1}{2 s^2} \sum_k \big(h_k(x) - h_k(\hat x)\big)^2$$

# %% [markdown] tags=["slide"] headline="Three networks, three losses"
# Three networks, three losses. With $z_x = \mu + \sigma \epsilon$ from the encoder, $z$ from the standard
# normal, and $l$ the logit of $D$:
#
# $$L_E = d(x, G(z_x)) + \text{KL} \qquad
# L_G = \gamma \, d(x, G(z_x)) - \tfrac12 \ln D(G(z_x)) - \tfrac12 \ln D(G(z))$$
# $$L_D = -\ln D(x) - \tfrac12 \ln\big(1 - D(G(z_x))\big) - \tfrac12 \ln\big(1 - D(G(z))\big)$$

# %% [markdown]
# Each network learns from **its own loss only**. The encoder is not asked to fool anybody: a code should say
# what is in the picture. And $D$ must not learn from $d$; in section 8 we let it.

# %%
S, GAMMA = 0.14, 0.03


def vae_gan_losses(E, G, D, x):
    n = len(x)
    mu, logvar = E(x)
    pictures = G(torch.cat([reparameterise(mu, logvar), torch.randn(n, latent_dim)]))  # copies, then made
    h, l_real = D(x)
    h_all, l_all = D(pictures)
    d = (h - h_all[:n]).square().sum(1).mean() / (2 * S**2)
    losses = {
        "E": d + kl_divergence(mu, logvar),
        "G": GAMMA * d + F.softplus(-l_all).mean(),
        "D": F.softplus(-l_real).mean() + F.softplus(l_all).mean(),
    }
    return losses, pictures[:n]


# %% [markdown]
# (Larsen et al. count copies and made faces fully. We halve them, so that $D$ sees as many real faces as others:
# one mean over both.)
#
# `backward(inputs=...)` sends a loss to the weights of one network and to no others. So three calls do it,
# on one graph.

# %% tags=["random"]
class VAEGAN:
    def __init__(self, ruler_learns=False):
        self.nets = {"E": new(Encoder), "G": new(Generator), "D": new(Discriminator)}
        self.averages = {name: averaged(self.nets[name]) for name in "EG"}
        self.optimisers = [adam(self.nets[name], lr) for name, lr in (("E", 2e-3), ("G", 4e-3), ("D", 3e-3))]
        self.errors, self.ruler_learns = [], ruler_learns

    def step(self, t):
        x = batch()
        losses, copies = vae_gan_losses(**self.nets, x=x)
        if t % 8 == 0:
            losses["D"] = losses["D"] + 0.4 * fee(self.nets["D"], x)
        if self.ruler_learns:
            losses["D"] = losses["D"] + losses["E"]
        for optimiser in self.optimisers:
            optimiser.zero_grad()
        for name, loss in losses.items():
            loss.backward(inputs=list(self.nets[name].parameters()), retain_graph=name != "D")
        nn.utils.clip_grad_norm_(self.nets["E"].parameters(), 10.0)  # one odd batch must not throw E off
        for optimiser in self.optimisers:
            optimiser.step()
        for name, average in self.averages.items():
            average.update_parameters(self.nets[name])
        self.errors.append(F.mse_loss(copies.detach(), x).item())
        return losses


training.seed_everything(0)
vae_gan = VAEGAN()
vae_gan_history = run(vae_gan.step, vae_gan.optimisers, 820, "VAE-GAN", log=True)
machines["VAE-GAN"] = tuple(vae_gan.averages[name].eval() for name in "EG")

# %% tags=["random", "slide"] headline="The ruler was the fault"
show_copies(list(machines), "Ten test faces and three rows of copies: the VAE's are soft, the GAN's are other "
            "people, the VAE-GAN's are crisp and keep hair, hats and glasses.")  # fmt: skip
dreams = torch.cat([dream(name, 10) for name in machines])
plotting.show_images(
    dreams, "Faces from random codes, three rows: the VAE's are soft, with hair that fades away, the GAN's and the VAE-GAN's have "
    "clear colours and edges.", rows=list(machines),
)  # fmt: skip

# %% [markdown]
# ## 4 · Measure: the same faces, the same numbers
#
# - *FID-faces, random*: 2,000 faces from random codes against 2,000 test faces, in the features of the judge of
#   lecture 09.
# - *FID-faces, copies*: the same for copies of the test faces.
# - *MSE*: of the copies, per pixel.
# - *kept*: how often the judge finds the same attribute in the copy as in the face itself, mean of the six.

# %% [markdown] tags=["slide"]
# <details><summary><b>Predict:</b> which of the three has the smallest MSE?</summary>
#
# The VAE: this is the ruler that it was trained with. That is no reason to like its copies best.
# </details>

# %% tags=["random", "slide"] headline="The same faces, the same numbers"
judge = judges.face_judge()
asked = test_X[:2000]
truth = test_attributes[:2000]
real_features = judge.features(asked)


def fid(pictures):
    return metrics.frechet_distance(judge.features(pictures), real_features)


def read(pictures):
    """What the judge sees: (n, 6) whole numbers."""
    answers = judge.probabilities(pictures)
    return torch.stack([answers[name].argmax(1) for name in names], 1)


def kept(pictures, rows=truth):
    return (read(pictures) == rows).float().mean().item()


scores = {}
for name in machines:
    copies = copy_of(name, asked)
    scores[name] = {"random": fid(dream(name, 2000)), "copies": fid(copies),
                    "MSE": metrics.mse_per_pixel(asked, copies), "kept": kept(copies)}  # fmt: skip
scores["real faces"] = {"random": fid(X[:2000]), "copies": 0.0, "MSE": 0.0, "kept": kept(asked)}
plotting.table(
    [{"": name, "FID-faces, random": f"{s['random']:.0f}", "FID-faces, copies": f"{s['copies']:.0f}",
      "MSE": f"{s['MSE']:.4f}", "attributes kept": f"{s['kept']:.1%}"} for name, s in scores.items()],
    "One encoder and one generator, trained in three ways (real faces: training against test)",
)  # fmt: skip
spent = {"VAE": vae_history, "GAN": gan_history, "late encoder": late_history, "VAE-GAN": vae_gan_history}
print("; ".join(f"{name}: {h.seconds:.0f} s, {h.steps} steps" for name, h in spent.items()))

# %% [markdown]
# By the pixels' ruler the VAE wins, and the judge finds its faces the furthest from real ones. The VAE-GAN's random
# faces are the best of the three here, and its copies keep more of what makes a face this face than the VAE's. (They
# had 400, 680 and 820 steps, and a step of the VAE-GAN is the dearest. Part of the difference is that, and we have
# not taken it apart.)

# %% [markdown] tags=["slide"]
# ## 5 · BiGAN: pairs from both ends
#
# The VAE-GAN still says in so many words: *the copy should be like the picture*. Here is a machine that never
# compares $x$ with $G(E(x))$, and yet its encoder has to undo its generator (Donahue, Krähenbühl and Darrell
# 2017; Dumoulin et al. 2017 had the same idea at the same time).

# %% [markdown] tags=["slide"] headline="Pairs from both ends"
# Take a real picture and let $E$ add its code: a pair $(x, E(x))$. Take a random code and let $G$ add its
# picture: a pair $(G(z), z)$. The discriminator gets **pairs**, and says which end a pair came from:
#
# $$L_D = -\ln D(x, E(x)) - \ln\big(1 - D(G(z), z)\big) \qquad
# L_{E,G} = -\ln\big(1 - D(x, E(x))\big) - \ln D(G(z), z)$$

# %% [markdown]
# Why must $E$ then undo $G$? By lecture 07 the best $D$ measures the Jensen–Shannon divergence, here of two
# *joint* distributions: which pictures come with which codes. It is 0 only if they agree. Say $G$ turns the
# code $z_1$ into picture 2. Then the pair (2, $z_1$) comes from that end. If $E$ gave picture 2 any other code,
# that pair would come from one end only, and a good bird would know. A world of three pictures and three codes
# is small enough to try every encoder:

# %%
def js(p, q):
    """Jensen–Shannon divergence of two tables of chances, in nats."""
    m = (p + q) / 2
    return sum(torch.special.xlogy(a, a / m).nan_to_num().sum() for a in (p, q)).item() / 2


draws = torch.tensor([1, 2, 0])  # G: code 0 becomes picture 1, code 1 picture 2, code 2 picture 0
from_G = torch.zeros(3, 3)  # rows: pictures, columns: codes
from_G[draws, range(3)] = 1 / 3
found = {}
for encoder in torch.cartesian_prod(*[torch.arange(3)] * 3).tolist():
    from_E = torch.zeros(3, 3)
    from_E[range(3), encoder] = 1 / 3  # E: picture i gets code encoder[i]
    found[tuple(encoder)] = js(from_E, from_G)
best = min(found, key=found.get)
print(f"{len(found)} encoders, JS from {found[best]:.3f} to {max(found.values()):.3f} nats (ln 2 = {math.log(2):.3f})")
print(f"the best: pictures 0, 1, 2 get the codes {best}; it is the only one with JS below 0.1:",
      sum(value < 0.1 for value in found.values()) == 1)  # fmt: skip
for picture, code in enumerate(best):
    print(f"  picture {picture} -> code {code} -> G draws picture {draws[code].item()}")

# %% [markdown]
# Of all 27 encoders one has JS 0, and it is the inverse of $G$. Nobody told it to compare.
#
# Now with digits: three plain networks, codes of 16 numbers.

# %% [markdown] tags=["slide"]
# <details><summary><b>Predict:</b> after 1,600 steps, will $G(E(x))$ be the same picture as $x$? The same
# digit?</summary>
#
# The argument speaks of the end of a perfect game. Near it, small errors of the pairs are cheap for $D$ to
# overlook. Expect a digit in the same style, often the same digit, seldom the same picture.
# </details>

# %% tags=["random"]
digits, labels = datasets.mnist("train")
test_digits, test_labels = datasets.mnist("test")
digits, test_digits = digits.flatten(1), test_digits.flatten(1)
code_size = 16


def plain(inputs, outputs, norm=True):
    """Two hidden layers of 384."""
    layers = []
    for a, b in ((inputs, 384), (384, 384)):
        layers += [nn.Linear(a, b), nn.BatchNorm1d(b) if norm else nn.Identity(), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Linear(384, outputs))


def bigan_losses(D, x, E_x, G_z, z):
    """The pairs the right way round; for D, and for E and G together."""
    from_E, from_G = torch.cat([x, E_x], 1), torch.cat([G_z, z], 1)  # (n, 784 + 16) each
    l_E, l_G = D(torch.cat([from_E, from_G])).chunk(2)
    return {"D": F.softplus(-l_E).mean() + F.softplus(l_G).mean(),
            "E, G": F.softplus(l_E).mean() + F.softplus(-l_G).mean()}  # fmt: skip


training.seed_everything(0)
E2, G2 = plain(784, code_size), nn.Sequential(plain(code_size, 784), nn.Sigmoid())
D2 = plain(784 + code_size, 1, norm=False)
both = nn.ModuleList([E2, G2])
E2_average, G2_average = averaged(E2), averaged(G2)
bigan_optimisers = d2_optimiser, eg_optimiser = adam(D2, 4e-3), adam(both, 4e-3)


# %% tags=["random", "slide"] headline="The right neighbourhood, though no picture was compared"
def bigan_step(t):
    x, z = digits[torch.randint(len(digits), (64,))], torch.randn(64, code_size)
    losses = bigan_losses(D2, x, E2(x), G2(z), z)
    fined = losses["D"]
    if t % 8 == 0:
        pairs = torch.cat([x, E2(x)], 1).detach().requires_grad_(True)
        (slope,) = torch.autograd.grad(D2(pairs).sum(), pairs, create_graph=True)
        fined = fined + 0.1 * slope.square().sum(1).mean()
    for optimiser in bigan_optimisers:
        optimiser.zero_grad()
    fined.backward(inputs=list(D2.parameters()), retain_graph=True)
    losses["E, G"].backward(inputs=list(both.parameters()))
    for optimiser in bigan_optimisers:
        optimiser.step()
    E2_average.update_parameters(E2)
    G2_average.update_parameters(G2)
    return losses


bigan_history = run(bigan_step, bigan_optimisers, 1600, "BiGAN")
E2_average.eval(), G2_average.eval()
with torch.no_grad():
    back = G2_average(E2_average(test_digits))
    made = G2_average(torch.randn(10, code_size))
digit_judge = judges.digit_judge()
same_digit = (digit_judge.probabilities(back)["digit"].argmax(1) == test_labels).float().mean().item()
plotting.show_images(
    torch.cat([test_digits[:10], back[:10], made]), "Ten test digits, what comes back from their codes, "
    "similar digits, often the same one, and ten digits from random codes.", rows=["x", "G(E(x))", "G(z)"],
)  # fmt: skip
print(f"G(E(x)) shows the same digit as x in {same_digit:.1%} of the test digits (by chance 10 %); "
      f"MSE {metrics.mse_per_pixel(test_digits, back):.4f}")  # fmt: skip

# %% [markdown]
# No picture was ever compared with its copy, and the way back leads to the right neighbourhood. (Li et al. 2017 add a small
# loss for $x$ against $G(E(x))$; the exercise does so, too.)

# %% [markdown] tags=["slide"]
# ## 6 · What does the code know? A linear probe
#
# Donahue et al. wanted the encoder: features learnt without labels. To see what a code knows, freeze it, and
# train a **linear** classifier on it. Whatever it finds must have lain open in the code. The fair opponent is
# not zero: a network of the same shape with *random* weights is already a fair encoder. And there is PCA.

# %% tags=["random", "more"]
def probe(codes, test_codes):
    """Test accuracy of a linear classifier trained on 5,000 codes and their labels."""
    mean, spread = codes.mean(0), codes.std(0) + 1e-6  # of the training codes only
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it may stop before it has converged; that is good enough
        model = LogisticRegression(max_iter=100).fit((codes - mean) / spread, labels[:5000])
    return model.score((test_codes - mean) / spread, test_labels)


training.seed_everything(0)
random_encoder = plain(784, code_size)
with torch.no_grad():
    for _ in range(30):  # so that its BatchNorm knows the mean and spread of digits
        random_encoder(digits[torch.randint(len(digits), (256,))])
    random_encoder.eval()
    centre = digits.mean(0)
    W = torch.linalg.svd(digits[:5000] - centre, full_matrices=False).Vh[:code_size].T  # PCA, lecture 01
    encoders = {
        "random network": random_encoder,
        "PCA": lambda x: (x - centre) @ W,
        "BiGAN": E2_average,
    }
    probes = {name: probe(encode(digits[:5000]).numpy(), encode(test_digits).numpy())
              for name, encode in encoders.items()}  # fmt: skip
plotting.table(
    [{"16 numbers from": name, "linear probe": f"{value:.1%}"} for name, value in probes.items()],
    "Which digit is it? Test accuracy of a linear classifier on 5,000 labelled codes",
)

# %% [markdown]
# The BiGAN's code was trained without one label, and tells the digits apart far better than a random network
# does. PCA knows more here, and we say so. (Published: 97.4 % after 400 epochs, Donahue et al. 2017, with the nearest
# neighbour in place of the probe, and in the layer *before* the code. The log beside the authors' program shows what an
# untrained network has there: 96.8 %. So ask for the random network first.)

# %% [markdown] tags=["slide"]
# ## 7 · Arithmetic on codes
#
# Now use the VAE-GAN's two arrows at once. The mean code of faces **with** glasses, less the mean code of faces
# **without**, is a direction. Take a face, find its code, walk along the direction, and paint.

# %% tags=["random", "slide"] headline="Add glasses, a hat, long hair, blue hair"
@torch.no_grad()
def codes_of(x):
    return torch.cat([machines["VAE-GAN"][0](part)[0] for part in x.split(1000)])


codes, test_codes = codes_of(X), codes_of(test_X)


def direction(j, value=1):
    """Mean code of the faces that have it, less that of the others."""
    has = attributes[:, j] == value
    return codes[has].mean(0) - codes[~has].mean(0)


wishes = {"glasses": (4, 1), "hat": (5, 1), "long hair": (2, 1), "blue hair": (0, 7)}
directions = {name: direction(*wish) for name, wish in wishes.items()}


@torch.no_grad()
def edited(z, **amounts):
    for name, amount in amounts.items():
        z = z + amount * directions[name.replace("_", " ")]
    return machines["VAE-GAN"][1](z)


bare = (test_attributes[:, 1:] * torch.tensor([0, 1, 0, 1, 1])).sum(1) == 0  # short hair, no glasses, no hat
some = test_codes[bare][:8]
steps = [edited(some), *(edited(some, **{name.replace(" ", "_"): 1.5}) for name in wishes)]
plotting.show_images(
    torch.cat([test_X[bare][:8], *steps]), "Eight test faces, their copies, and the copies with glasses, a hat, "
    "long hair or blue hair added: mostly the same people, with the thing asked for.",
    rows=["test face", "copy", *(f"+ {name}" for name in wishes)], columns=8,
)  # fmt: skip

# %% [markdown]
# Count it. Test faces without glasses: how often does the judge see glasses after $z + a \cdot d$, and what
# has become of the other five attributes?

# %% tags=["random", "slide"] headline="The surer the glasses, the more else changes"
without = (test_attributes[:, 4] == 0).nonzero()[:1000, 0]
others = [0, 1, 2, 3, 5]
before = read(edited(test_codes[without]))
glasses = {}
for amount in (0.0, 0.5, 1.0, 1.5, 2.0, 3.0):
    seen = read(edited(test_codes[without], glasses=amount))
    glasses[amount] = ((seen[:, 4] == 1).float().mean().item(),
                       (seen[:, others] == before[:, others]).float().mean().item())  # fmt: skip
plotting.table(
    [{"a": amount, "with glasses": f"{on:.1%}", "others unchanged": f"{rest:.1%}"}
     for amount, (on, rest) in glasses.items()],
    "1,000 test faces without glasses, edited by z + a · d(glasses)",
)  # fmt: skip

# %% [markdown]
# The further you walk, the surer the glasses, and the more changes along with them. A mean difference holds
# everything that glasses tend to come with, and straight lines leave the region of real codes sooner or later.
#
# **Play: a face editor.** Choose a test face, and push.

# %% tags=["random"]
def face_editor(face, **amounts):
    z = test_codes[face : face + 1]
    return torch.cat([test_X[face], edited(z)[0], edited(z, **amounts)[0]], 2)


pushes = {name.replace(" ", "_"): name for name in wishes}
widgets.Explorer(
    face_editor,
    {
        "face": ipywidgets.IntSlider(3, 0, 49, description="face"),
        **{key: ipywidgets.FloatSlider(1.5 if key == "glasses" else 0.0, min=-2, max=3, step=0.1, description=name)
           for key, name in pushes.items()},
    },
    alt="A test face, its copy, and the copy after the pushes of the sliders.",
    width=480,
)  # fmt: skip

# %% [markdown] tags=["slide"]
# ## 8 · Break it on purpose: a ruler that may shrink
#
# Each network learns from its own loss only, we said. What if $D$ learns from $L_E$ as well, so that all three
# help to make the distance $d$ small?
#
# <details><summary><b>Predict:</b> what is the easiest way for $D$ to make all distances small?</summary>
#
# To see nothing. Features near 0 make every two pictures alike. The loss is wonderful, and the copies are not.
# </details>

# %% tags=["random", "slide"] headline="Whoever is measured must not hold the ruler"
training.seed_everything(0)
shrunk = VAEGAN(ruler_learns=True)
shrunk_history = run(shrunk.step, shrunk.optimisers, 120, "VAE-GAN, the ruler learns", log=True)
n = len(shrunk.errors)
rulers = {}
for label, machine, history in (("D learns from L_D only", vae_gan, vae_gan_history),
                                ("D learns from L_E, too", shrunk, shrunk_history)):  # fmt: skip
    rulers[label] = {"L_E": sum(history.losses["E"][n - 50 : n]) / 50, "MSE": sum(machine.errors[n - 50 : n]) / 50}
plotting.table(
    [{"": label, "L_E (nats)": f"{value['L_E']:.1f}", "MSE of the copies": f"{value['MSE']:.4f}"}
     for label, value in rulers.items()],
    f"After {n} steps, mean of the last 50",
)  # fmt: skip
with torch.no_grad():
    h_size = {label: machine.nets["D"](test_X[:500])[0].square().sum(1).mean().item()
              for label, machine in (("D learns from L_D only", vae_gan), ("D learns from L_E, too", shrunk))}  # fmt: skip
print("mean squared length of h(x) when each run ends: " + ", ".join(f"{k}: {v:.2f}" for k, v in h_size.items()))

# %% [markdown]
# The better loss has the worse copies. Whoever is measured must not hold the ruler.
#
# ## 9 · All generators of the course in one table
#
# Ten lectures, and eight ways to make something new. What does each of them give, and what does it ask for? The
# numbers with a lecture beside them were printed there; the others are from this lecture. Times are per picture, of
# many drawn together. Compare quality only within one data set.

# %% tags=["random"]
quoted = {  # (lecture, figure): what it gave with seed 0, kept in benchmarks/results/lectures.json
    ("05", "test nats per image, PixelCNN"): 87.5,
    ("05", "seconds per digit drawn"): 0.148,
    ("06", "test −ln p(x), K = 200, 1,000 images"): 93.7,
    ("07", "FID-digits"): 22.4,
    ("08", "FID-digits, WGAN-GP, 25 s"): 93.9,
    ("08", "FID-digits, GAN, 25 s"): 53.2,
}
nats, a_digit, bound, gan_digits, wgan_digits, gan_25 = quoted.values()
began = time.perf_counter()
dream("VAE-GAN", 1000)
one_pass, timed = "one pass", f"one pass, {(time.perf_counter() - began):.2g} ms"  # seconds for 1,000 = milliseconds for one
face_fid = {name: f"FID-faces {value['random']:.0f}" for name, value in scores.items()}
columns = ("", "likelihood", "sample quality", "time for one picture", "code", "training")
generators = [
    ("auto-encoder (02)", "none", "junk from random codes", one_pass, "E and G", "easy"),
    ("PixelCNN (05)", f"exact: {nats} nats", "right in detail, loses the whole", f"784 passes, {a_digit * 1000:.0f} ms",
     "none", "easy"),
    ("VAE (06)", f"a bound: {bound} nats", f"blurred; {face_fid['VAE']}", one_pass, "E and G", "easy"),
    ("GAN (07)", "none", f"FID-digits {gan_digits}; {face_fid['GAN + late encoder']}", one_pass, "G only",
     "a game: may collapse, the loss says nothing"),
    ("WGAN-GP (08)", "none", f"FID-digits {wgan_digits} where a GAN has {gan_25}, 25 s each", one_pass, "G only",
     "a game with a meter; slow"),
    ("conditional GAN (09)", "none", "as asked for", one_pass, "G only, and the text", "a game, and pairs to learn from"),
    ("VAE-GAN (10)", "none", face_fid["VAE-GAN"], timed, "E and G", "a game, three losses to balance"),
    ("BiGAN (10)", "none", f"same digit back in {same_digit:.0%}", one_pass, "E and G", "a game of pairs"),
]  # fmt: skip
plotting.table([dict(zip(columns, line)) for line in generators], "The generators of this course")

# %% [markdown]
# Nothing wins everywhere. Who needs $p(x)$ takes the PixelCNN, or the VAE's bound; who needs one good picture quickly takes a game;
# who needs to *change* a picture needs both arrows.
#
# ## 10 · What came after 2017
#
# One honest page. The talk that this course follows ends here. The field did not.
#
# - **Normalizing flows** (Dinh et al. 2014; Kingma and Dhariwal 2018): make $G$ out of layers that can be run
#   backwards exactly. Then $E = G^{-1}$ for free, and the likelihood is exact. The price: the code must have as many
#   numbers as the picture.
# - **Vector quantisation** (van den Oord et al. 2017, VQ-VAE; Esser et al. 2021, VQGAN): a code of whole numbers
#   from a list. Then lecture 05's method can *write codes* in place of pixels: encoder, writer, generator, put together.
# - **Diffusion models** (Sohl-Dickstein et al. 2015; Ho et al. 2020): add noise to a picture in many small steps,
#   learn to undo one step, and start from pure noise. No game, one squared error, and better pictures than the
#   GANs' (Dhariwal and Nichol 2021). The price: many passes for one picture.
# - **Latent diffusion** (Rombach et al. 2022): do it in the code of an auto-encoder whose copies are judged by a
#   discriminator, close to our VAE-GAN. Condition it on text (lecture 09), and you have the image makers of the
#   2020s.
# - **Flow matching** (Lipman et al. 2023; Liu et al. 2023): the shortest of these recipes. Let us try it.

# %% [markdown] tags=["slide"] headline="Flow matching"
# Take noise $x_0$ and a real point $x_1$, and move from one to the other on a straight line,
# $x_t = (1 - t)\, x_0 + t\, x_1$. Its velocity is $x_1 - x_0$. Ask a network for the velocity at $x_t$:
#
# $$L = \big\| v(x_t, t) - (x_1 - x_0) \big\|^2$$

# %% [markdown]
# Many lines cross at one place, so the network learns the *mean* velocity there. To make something: start at
# noise, and follow the arrows from $t = 0$ to $1$ in $N$ small steps. The data are the eight heaps of lectures 07
# and 08.

# %%
class Velocity(nn.Module):
    def __init__(self, size, width=128):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(size + 1, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(),
            nn.Linear(width, width), nn.SiLU(), nn.Linear(width, size),
        )  # fmt: skip

    def forward(self, x, t):  # (n, size), (n, 1) -> (n, size)
        return self.net(torch.cat([x, t], 1))


def flow_matching(v, real, steps, label):
    optimiser = adam(v, 4e-3, (0.9, 0.99))

    def step(_):
        x1 = real()
        x0, t = torch.randn_like(x1), torch.rand(len(x1), 1)
        loss = (v((1 - t) * x0 + t * x1, t) - (x1 - x0)).square().sum(1).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        return {"squared error": loss}

    return run(step, [optimiser], steps, label, "squared error of the velocity")


@torch.no_grad()
def follow(v, x, N):
    """The way of every point from t = 0 to 1: (N + 1, n, size)."""
    way = [x]
    for k in range(N):
        way.append(way[-1] + v(way[-1], torch.full((len(x), 1), k / N)) / N)
    return torch.stack(way)


# %% [markdown]
# <details><summary><b>Predict:</b> and if we take a single step from noise to the end, N = 1?</summary>
#
# At $t = 0$ every heap is as likely as any other, so the mean velocity points to the middle of the ring. One step
# lands all points there: the average of everything, once more.
# </details>

# %% tags=["random", "slide"] headline="No bird, no penalty, and all eight heaps"
training.seed_everything(0)
v = Velocity(2)
flow_history = flow_matching(v, lambda: ring.sample(1, 256)[0], 3500, "flow matching")
noise, real_points = torch.randn(1000, 2), ring.sample(1, 1000)[0]
flows = {}
figure, axes = plt.subplots(1, 5, figsize=(11, 2.5))
for axis, N in zip(axes, (1, 2, 4, 16, 64)):
    way = follow(v, noise, N)
    (heaps,), (inside,) = ring.heaps(way[-1:])
    flows[N] = {"heaps": heaps, "inside": inside, "W1": ring.distance(way[-1], real_points)}
    axis.plot(*way[:, :60].permute(2, 0, 1), color="lightgrey", lw=0.6, zorder=0)
    axis.scatter(*way[-1, :400].T, s=3, color=plotting.COLOURS[6])
    axis.set(xlim=(-2.2, 2.2), ylim=(-2.2, 2.2), xticks=[], yticks=[], aspect="equal", title=f"N = {N}")
plotting.show(
    figure, "Points after 1, 2, 4, 16 and 64 steps, with the ways of some. After one step all lie in the middle; "
    "after 16 they lie in eight small heaps on a circle.",
)  # fmt: skip
plotting.table(
    [{"N": N, "heaps of 8": f["heaps"], "in 3σ of a heap": f"{f['inside']:.0%}", "W1": f"{f['W1']:.3f}"}
     for N, f in flows.items()]
    + [{"N": "real points", "heaps of 8": 8, "in 3σ of a heap": f"{ring.heaps(ring.sample(1, 1000))[1][0]:.0%}",
        "W1": f"{ring.distance(ring.sample(1, 1000)[0], real_points):.3f}"}],
    f"Flow matching after {flow_history.seconds:.0f} seconds of training",
)  # fmt: skip

# %% [markdown]
# No bird, no penalty, one squared error, and all eight heaps. That is one reason why so many have changed over to it.
# (Two real samples differ by chance, a few points more in one heap, a few less in another: the last row says how much.)
#
# **And put together once more.** Lecture 02 ended with junk: random codes are not like real codes. The VAE's fee makes
# them more alike, but not the same. Flow matching can learn what real codes *are* like. So: take the VAE of section 2 as
# it is, learn the flow from noise to its **codes**, and let its $G$ paint them. That is the idea of latent diffusion, in one
# cell. ($G$ is still the VAE's: it will not paint sharper than in the copies.)

# %% tags=["random"]
training.seed_everything(0)
vae_E, vae_G = machines["VAE"]
with torch.no_grad():
    vae_codes = torch.cat([vae_E(part)[0] for part in X.split(1000)])
code_mean, code_spread = vae_codes.mean(0), vae_codes.std(0)
real_codes = (vae_codes - code_mean) / code_spread
code_flow = Velocity(latent_dim, width=256)
code_flow_history = flow_matching(code_flow, lambda: real_codes[torch.randint(len(X), (256,))], 1000, "flow of codes")
with torch.no_grad():
    z = follow(code_flow, torch.randn(2000, latent_dim), 16)[-1] * code_spread + code_mean
    painted = vae_G(z)
flow_fid = fid(painted)
print(f"FID-faces of the VAE: normal codes {scores['VAE']['random']:.0f}, codes from the flow {flow_fid:.0f}, "
      f"copies of test faces {scores['VAE']['copies']:.0f}")  # fmt: skip
plotting.show_images(
    torch.cat([dream("VAE", 10), painted[:10]]), "Two rows of faces by the same VAE: from normal codes many fade "
    "away at the hair; from codes of the flow they are soft, whole faces.",
    rows=["normal codes", "codes of the flow"],
)  # fmt: skip

# %% [markdown] tags=["slide"]
# ## 11 · What it still cannot do
#
# - Our faces have 16 pixels a side and our digits 28. Everything here grows: the ideas stay, the machines become
#   larger. Nobody should take our FID for a statement about large models.
# - A code that can be edited is not yet a code whose numbers *mean* one thing each. Our directions drag other things
#   along.
# - A face that nobody has can look like somebody. Whoever makes pictures of people answers for them.
#
# And the next lecture? It is yours. Take a data set that you love, find the simple code behind it, and make something
# new from it.

# %% [markdown] tags=["slide"]
# ## 12 · Summary
#
# 1. A VAE has both arrows and a poor ruler; a GAN has a good eye and one arrow.
# 2. VAE-GAN: measure the copy in the discriminator's features, and let each network learn from its own loss only.
# 3. BiGAN: pairs from both ends. To fool the best discriminator of pairs, the encoder must undo the generator.
# 4. A linear probe says what a code knows: compare it with a random network and with PCA. A mean difference of codes
#    edits.
# 5. Much of what came after keeps the two arrows, and plays the game at most for the encoder: a code, and a patient
#    way from noise to codes.

# %%
widgets.quiz(
    "In a VAE-GAN, why does the discriminator not learn from the feature distance?",
    {
        "It would take too long": "It would cost next to nothing.",
        "It could make the distance small by seeing nothing": "Features near 0 make every two pictures alike. "
        "Section 8 shows it.",
        "It does learn from it": "Only E and G do: backward(inputs=...) sees to that.",
    },
    right="It could make the distance small by seeing nothing",
)
widgets.quiz(
    "A BiGAN's discriminator gets (x, E(x)) and (E(G(z)), z)... something is wrong here. What?",
    {
        "The second pair should be (G(z), z)": "A pair is a picture and its code. One end starts from a real "
        "picture, the other from a random code.",
        "The first pair should be (G(E(x)), E(x))": "Then no real picture would ever be seen.",
        "Nothing": "E(G(z)) is a code, and stands where a picture should.",
    },
    right="The second pair should be (G(z), z)",
)
widgets.quiz(
    "A linear probe on your codes reaches 80 %. Is your encoder good?",
    {
        "Yes, chance is 10 %": "A random network of the same shape may reach nearly as much.",
        "It depends on what a random network and PCA reach": "Without them the number says little.",
        "No, 80 % is low": "For 16 numbers and a linear classifier it may be much.",
    },
    right="It depends on what a random network and PCA reach",
)

# %% [markdown]
# **The exercise.** `exercises/10_putting_them_together` has you write the three losses so that nothing leaks, the
# pairs the right way round, the divergence of a small world, a probe, and train both arrows together.
#
# **Now you.** Give the VAE-GAN lecture 09's text: put the vector $t$ beside the code in $G$, and let $D$ read it. Then
# edit a face of the test set *with a sentence*.
#
# **Further reading**
#
# - A. B. L. Larsen, S. K. Sønderby, H. Larochelle and O. Winther (2016), *Autoencoding beyond pixels using a learned
#   similarity metric*.
# - J. Donahue, P. Krähenbühl and T. Darrell (2017), *Adversarial feature learning*: BiGAN.
# - V. Dumoulin, I. Belghazi, B. Poole et al. (2017), *Adversarially learned inference*.
# - C. Li, H. Liu, C. Chen et al. (2017), *ALICE: towards understanding adversarial learning for joint distribution
#   matching*.
# - L. Dinh, D. Krueger and Y. Bengio (2014), *NICE: non-linear independent components estimation*.
# - J. Sohl-Dickstein, E. Weiss, N. Maheswaranathan and S. Ganguli (2015), *Deep unsupervised learning using
#   nonequilibrium thermodynamics*.
# - A. van den Oord, O. Vinyals and K. Kavukcuoglu (2017), *Neural discrete representation learning*: VQ-VAE.
# - D. P. Kingma and P. Dhariwal (2018), *Glow: generative flow with invertible 1×1 convolutions*.
# - J. Ho, A. Jain and P. Abbeel (2020), *Denoising diffusion probabilistic models*.
# - P. Esser, R. Rombach and B. Ommer (2021), *Taming transformers for high-resolution image synthesis*: VQGAN.
# - P. Dhariwal and A. Nichol (2021), *Diffusion models beat GANs on image synthesis*.
# - R. Rombach, A. Blattmann, D. Lorenz et al. (2022), *High-resolution image synthesis with latent diffusion models*.
# - Y. Lipman, R. T. Q. Chen, H. Ben-Hamu et al. (2023), *Flow matching for generative modeling*.
# - X. Liu, C. Gong and Q. Liu (2023), *Flow straight and fast: learning to generate and transfer data with rectified
#   flow*.
