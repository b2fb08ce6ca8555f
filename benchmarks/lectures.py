"""Run every lecture from top to bottom with several seeds: seconds, figures, targets.

    python -m benchmarks.lectures                          all lectures, seeds 0 to 2 or 0 to 4
    python -m benchmarks.lectures 03_tsne                  one lecture; the others' rows stay
    python -m benchmarks.lectures 03_tsne --seed 0         only to look: nothing is kept

A figure is an expression over the names that the notebook leaves behind, so it is measured, never
copied. Besides the targets there are the lecture's conclusions, put as figures with a limit: if one
fails with some seed, then the text says more than the lecture shows.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from typing import Annotated, Any

import nbformat
import typer
from nbclient import NotebookClient

from benchmarks.common import BRIEF, RESULTS, ROOT, report
from course_utils.plotting import text_table

SECONDS = 120  # a whole lecture, on two cores
SEEDS = {"07_gan": range(5), "08_wgan": range(5)}  # a game is harder to train, so two more


@dataclass
class Figure:
    """One number that a lecture prints, and what it should be."""

    name: str
    expression: str
    at_least: float | None = None
    at_most: float | None = None

    def reached(self, value: float) -> bool:
        """Whether a value keeps the limits."""
        return (self.at_least is None or value >= self.at_least) and (
            self.at_most is None or value <= self.at_most
        )

    @property
    def target(self) -> str:
        """The limits in words."""
        limits = ((self.at_least, "at least"), (self.at_most, "at most"))
        return " and ".join(f"{word} {limit:g}" for limit, word in limits if limit is not None)


LEAN = 'mean_lean("house bed veil bread") - mean_lean("sword battle army captain host spear")'
STEPS_PER_SECOND = (
    "(cnn_history.steps / cnn_history.seconds) / (rnn_history.steps / rnn_history.seconds)"
)
CHECKED_GAP = "abs(log_p_x - elbo(torch.tensor(0.5), 0.6) - gap)"
MANY_SAMPLES = "torch.cat([importance_weighted(vae, x, 5000) for x in test[::50].split(5)]).mean()"
FEW_SAMPLES = "importance_weighted(vae, test[::50], 200).mean()"
RANDOM_CODES = 'sample_distance["auto-encoder"] / sample_distance["VAE"]'
BLIND_LOSS = 'abs(line_ends["a blind bird"][0] - 2 * math.log(2))'
SATURATED = 'reaches["saturating"][300] / reaches["saturating"][0]'
SATURATED_R1 = SATURATED.replace("reaches", "strict_reaches[10.0]")
NEAREST = 'results[1]["to the nearest"] / results[2]["to the nearest"]'
GREY = 'results[1]["grey pixels"] / results[2]["grey pixels"]'
UNSATURATED = 'reaches["non-saturating"][300] / reaches["non-saturating"][0]'
PENALTY = 'estimates["gradient penalty, λ = 50"] / exact'
STEEPER = 'worst["penalty_by_heart"] - worst["gradient_penalty"]'
LEAST_OF_REST = 'min(made_shares[k] for k in ("hair_length", "mood", "hat"))'
JUDGE_REST = 'min(share for name, share in judge_shares.items() if name != "hair_color")'
FIRST_WORDS = 'rouge["the first 9 words"]["{}"]'
GAIN = 'rouge["{}"]["rouge1"] - rouge["{}"]["rouge1"]'
VARIETY = 'variety[{}]["difference"] / real_square'
VAE_GAN, LATE = 'scores["VAE-GAN"]', 'scores["GAN + late encoder"]'
JS_SMALL = "sum(value < 0.1 for value in found.values())"
RULER = 'rulers["D learns from L_E, too"]["{0}"] / rulers["D learns from L_D only"]["{0}"]'
FLOW = 'flow_fid / scores["VAE"]["random"]'
FIGURES = {
    "00_deep_learning_in_one_slice": [
        Figure("accuracy, MLP", 'right["MLP"]', at_least=0.975),
        Figure("accuracy, CNN", 'right["CNN"]', at_least=0.985),
        Figure("accuracy, RNN (GRU)", 'right["RNN (GRU)"]', at_least=0.97),
        Figure("seconds of training, all three", "total", at_most=60),
        Figure("accuracy, linear (the baseline)", "linear_accuracy"),
        Figure("the gate helps: GRU − plain RNN", 'right["RNN (GRU)"] - plain_accuracy', 0.01),
        Figure("MLP loses by the shuffle", 'right["MLP"] - mixed["MLP"]', at_most=0.005),
        Figure("CNN loses by the shuffle", 'right["CNN"] - mixed["CNN"]', at_least=0.01),
        Figure("RNN loses by the shuffle", 'right["RNN (GRU)"] - mixed["RNN (GRU)"]', 0.01),
        Figure("shuffled: MLP − CNN", 'mixed["MLP"] - mixed["CNN"]', at_least=0),
        Figure("sure of pure noise", "sure.mean()", at_least=0.5),
    ],
    "01_dimensionality_reduction": [
        Figure("PCA: distance to scikit-learn", "difference", at_most=1e-5),
        Figure("test MSE, PCA 2", "errors[2]", 0.05565, 0.05575),
        Figure("test MSE, PCA 16", "errors[16]", 0.02685, 0.02695),
        Figure("test MSE, PCA 32", "errors[32]", 0.01675, 0.01685),
        Figure("test MSE, 16 tiles (the baseline)", "tiles_error", at_least=0.06),
        Figure("angle by PCA, correlation", "flat_correlation", at_most=0.5),
        Figure("angle by Isomap, correlation", "walked_correlation", at_least=0.99),
        Figure("test MSE, k-means 64", "group_errors[64]", at_most=0.045),
        Figure("k-means: 64 groups − 10 groups", "group_errors[64] - group_errors[10]", None, 0),
    ],
    "02_autoencoders": [
        Figure("test MSE, deep 2", 'errors["deep", 2]', at_most=0.040),
        Figure("test MSE, deep 32", 'errors["deep", 32]', at_most=0.008),
        Figure("test MSE, one hidden layer 32", 'errors["one hidden", 32]', at_most=0.008),
        Figure("test MSE, PCA 2 (the baseline)", "pca_errors[2]"),
        Figure("test MSE, PCA 32 (the baseline)", "pca_errors[32]"),
        Figure("linear auto-encoder − PCA", "linear_error - pca_errors[2]", at_most=0.0005),
        Figure(
            "deep wins at 2: shallow − deep", 'errors["one hidden", 2] - errors["deep", 2]', 0.0005
        ),
        Figure(
            "shallow wins at 32: deep − shallow",
            'errors["deep", 32] - errors["one hidden", 32]',
            0.0005,
        ),
        Figure(
            "retrieval: 32 codes − pixels",
            '(same["32 deep numbers"].float().mean() - same["784 pixels"].float().mean())',
            at_least=0,
        ),
        Figure(
            "denoising error / plain's",
            'noise_errors["denoising auto-encoder, 32 numbers"]'
            ' / noise_errors["plain auto-encoder, 32 numbers"]',
            at_most=0.5,
        ),
        Figure("one pixel's shift / half erased", "move_errors.mean() / half_errors.mean()", 1),
    ],
    "03_tsne": [
        Figure("trustworthiness(12)", "trust(Y)", at_least=0.96),
        Figure("KL, ours / scikit-learn's", "ratio", at_most=1.05),
        Figure("seconds, ours / scikit-learn's", "our_seconds / their_seconds", at_most=1.5),
        Figure("trustworthiness, PCA (the baseline)", "trust(pca_map)"),
        Figure("t-SNE − SNE, trustworthiness", "trust(Y) - trust(sne)", at_least=0.005),
        Figure(
            "map of codes − of pixels, 1-NN", "same_digit(code_map) - same_digit(Y)", -0.02, 0.02
        ),
        Figure("a group 10 times as wide, on the map", "widths[1]", at_most=2),
        Figure("a gap 9 times as wide, on the map", "gap_ratios[1]", at_most=2),
        Figure("clumps: perplexity 2 / 60", "clumping(foggy) / clumping(better)", at_most=0.8),
    ],
    "04_word_embeddings": [
        Figure("words per second, ours / gensim's", "our_speed / their_speed", at_least=0.5),
        Figure("place of queen, ours", "queen_place(learnt)", at_most=3),
        Figure("place of queen, PPMI + SVD", "queen_place(F.normalize(counted, dim=1))"),
        Figure("family, first three, ours", "family_score(learnt, 3)", at_least=0.25),
        Figure("family, first three, gensim", "family_score(F.normalize(theirs, dim=1), 3)"),
        Figure("neighbours shared with gensim", "overlap", at_least=0.25),
        Figure("place of evil near good", 'place_of("evil", "good")', at_most=533),
        Figure("lean: home − war", LEAN, at_least=0.05),
    ],
    "05_pixel_generation": [
        # Digits are binarised anew at every step, the test digits once, all 10,000 of them.
        Figure("test nats per image, PixelCNN", "cnn_nats", at_most=90),
        Figure("test nats, each pixel alone (the baseline)", "alone_nats"),
        Figure("test nats, table of 12 pixels (the baseline)", "table_nats"),
        Figure("test nats, PixelRNN, first 1,000", "rnn_nats"),
        Figure("PixelRNN beats each pixel alone by", "alone_nats - rnn_nats", at_least=30),
        Figure("the table beats the PixelRNN by", "rnn_nats - table_nats", at_least=5),
        Figure("steps per second, CNN / RNN", STEPS_PER_SECOND, at_least=2),
        Figure("earlier pixels unseen, two stacks", "(earlier & ~field).sum()", at_most=0),
        Figure("earlier pixels unseen, 7 masked layers", "blind.sum()", at_least=1),
        Figure("second pixel after the first / alone", "(h12 - h1) / h2", at_most=0.8),
        Figure("bits per pixel, faces", 'face_bits["PixelCNN"]', at_most=0.4),
        Figure("bits per pixel, two neighbours", 'face_bits["left and upper neighbour"]', 1),
        Figure("bits per pixel, unigram (the baseline)", 'face_bits["unigram"]'),
        Figure("painted faces with both eyes alike", 'wholes["painted"][0]', at_most=0.7),
        Figure("painted faces with one tone of skin", 'wholes["painted"][1]', at_most=0.7),
        Figure(
            "after 75 steps: RNN − CNN, nats", 'after_75["PixelRNN"] - after_75["PixelCNN"]', 10
        ),
        Figure("earlier pixels seen, of 406", "far.sum()", at_most=300),
        Figure("poems well-formed", "share", at_least=0.98),
        Figure("perplexity, GRU", 'perplexity["GRU"]'),
        Figure("perplexity, bigram (the baseline)", 'perplexity["bigram"]'),
        Figure("perplexity, GRU / bigram", 'perplexity["GRU"] / perplexity["bigram"]', None, 0.7),
        Figure("pairs as in one training poem: new − real", "copy_share - test_share", None, 0),
        Figure("seconds per digit drawn", "digit_seconds / 20"),
        Figure("seconds per face drawn", "face_seconds / 30"),
        Figure("seconds: draw / judge", "draw_over_judge", at_least=50),
        Figure("mask B first: test nats", "cheat_nats", at_most=5),
        Figure("mask B first: ink it draws", "cheat_drawn.float().mean()", at_most=0.01),
    ],
    "06_vae": [
        # Binarised as in 05. K is the number of importance samples; every tenth test image.
        Figure("test −ln p(x), K = 200, 1,000 images", "iw_bound", at_most=97),
        Figure("its standard error", "iw_error"),
        Figure("test −ln p(x), K = 5,000, 200 images", MANY_SAMPLES, at_most=97),
        Figure("the same images, K = 200", FEW_SAMPLES),
        Figure("test −ELBO, 10,000 images", "rec + kl"),
        Figure("its KL", "kl"),
        Figure("seconds of training", "history.seconds", at_most=60),
        Figure("noise alone: width / spread of codes", "noise_widths[-1]", at_most=0.01),
        Figure("ln p(x) = ELBO + gap, error", CHECKED_GAP, at_most=1e-4),
        Figure("gradient noise: score / path, 1 number", "noise[1]", at_least=3),
        Figure("gradient noise: score / path, 50 numbers", "noise[50]", at_least=30),
        Figure("random codes: AE's distance / VAE's", RANDOM_CODES, at_least=2),
        Figure("half way: AE − VAE", 'middle_distance["auto-encoder"] - middle_distance["VAE"]', 0),
        Figure("numbers of the code in use, of 50", "active", 10, 40),
        Figure("KL, along the axes", 'gaussians["along the axes"]["KL"]', at_most=0.02),
        Figure("KL, turned", 'gaussians["turned by 45°"]["KL"]', at_least=1.5),
        Figure("−ELBO, along the axes", 'sum(gaussians["along the axes"].values())', 4.4, 4.55),
        Figure("−ELBO, turned", 'sum(gaussians["turned by 45°"].values())', 4.4, 4.55),
        Figure("KL, sum and sum", 'reduced["sum, sum"][1]', at_least=10),
        Figure("KL, mean and mean", 'reduced["mean, mean"][1]', at_most=0.1),
        Figure("KL, mean and sum", 'reduced["mean, sum"][1]', at_most=0.1),
        Figure("copies: β 1 − β 0.1", "betas[1.0][0] - betas[0.1][0]", at_least=5),
        Figure("copies: β 8 − β 1", "betas[8.0][0] - betas[1.0][0]", at_least=5),
        Figure("in use with β 1 − with β 8", "betas[1.0][2] - betas[8.0][2]", at_least=1),
        Figure("to the nearest: samples − real", "distance.mean() - real_distance", at_least=0),
        Figure("nats: pixel far − beside", 'costs["far away"] - costs["beside the stroke"]', 5),
    ],
    "07_gan": [
        # FID-digits: 10,000 pictures against the 10,000 test digits; real digits have 0.8.
        Figure("FID-digits", "gan_fid", at_most=60),
        Figure("FID-digits, one normal distribution (the baseline)", 'results[0]["FID-digits"]'),
        Figure("digits present, of 10", "gan_classes", at_least=10),
        Figure("share of the rarest digit", 'results[1]["rarest class"]', at_least=0.02),
        Figure("classifier score", 'results[1]["classifier score"]', at_least=7),
        Figure("seconds of training", "gan_history.seconds", at_most=90),
        Figure("frozen judge: D of the junk", "fooled.mean()", at_least=0.9),
        Figure("frozen judge: FID-digits of the junk", "fid_digits(pictures(pupil, 2000))", 500),
        Figure("on a line: |D − 1/2|, mean", "(d_end - 0.5).abs().mean()", at_most=0.05),
        Figure("on a line: W1 to the real ones", 'line_ends["a good bird"][2]', at_most=0.25),
        Figure("blind D: |loss of D − 2 ln 2|", BLIND_LOSS, at_most=0.02),
        Figure("blind D: W1 to the real ones", 'line_ends["a blind bird"][2]', at_least=0.6),
        Figure("best D against p / (p + q), error", "worst", at_most=0.05),
        Figure("its value against 2 JS − 2 ln 2, error", "abs(value_gap)", at_most=0.01),
        Figure("JS of what does not touch − ln 2", "(stuck - math.log(2)).abs().max()", None, 1e-4),
        Figure("gradient, D too good: saturating / at first", SATURATED, at_most=0.05),
        Figure("gradient, D too good: non-saturating / at first", UNSATURATED, at_least=1),
        Figure("the same with R1: saturating / at first", SATURATED_R1, at_least=0.2),
        Figure("old bird, new butterflies", "passes[50, STEPS - 1]"),
        Figure("new bird, old butterflies", "passes[STEPS - 1, 50]", at_most=0.2),
        Figure("the first − the second", "passes[50, STEPS - 1] - passes[STEPS - 1, 50]", 0.1),
        Figure("to the nearest: made / test digits", NEAREST, at_least=0.8),
        Figure("grey pixels: made / real", GREY, at_most=1.5),
        Figure("plain ring: heaps, five runs", 'sum(ring_results["plain"][0])', at_most=38),
        Figure("ring with R1: fewest heaps of five", 'min(ring_results["with R1"][0])', at_least=8),
        Figure("ring with R1: least share in 3σ", 'min(ring_results["with R1"][1])', at_least=0.5),
    ],
    "08_wgan": [
        # The ring's five runs side by side; W1 exact, by the best pairs of 400 points.
        Figure("W1 by linear programming − scipy", "abs(work - known)", at_most=1e-6),
        Figure("W1 in the plane: program − pairs", "abs(flat_work - paired)", at_most=1e-6),
        Figure("income of the dual − work", "abs(income - work)", at_most=1e-6),
        Figure("power iteration against SVD", "stretch_gap", at_most=1e-2),
        Figure("estimate / W1, penalty", PENALTY, 0.9, 1.1),
        Figure("estimate / W1, spectral norm", 'estimates["spectral norm"] / exact', 0.8, 1.02),
        Figure("estimate / W1, clipping", 'estimates["clipping, c = 0.1"] / exact', at_least=1.3),
        Figure("clipped weights at the wall", "at_wall", at_least=0.8),
        Figure("ring, GAN: heaps, five runs", 'sum(ring_results["GAN"][0])', at_most=38),
        Figure(
            "ring, WGAN-GP: fewest heaps of five", 'min(ring_results["WGAN-GP"][0])', at_least=8
        ),
        Figure("ring, WGAN-GP: least share in 3σ", 'min(ring_results["WGAN-GP"][1])', at_least=0.5),
        Figure(
            "ring: W1, GAN / WGAN-GP", 'ring_results["GAN"][2] / ring_results["WGAN-GP"][2]', 1.2
        ),
        Figure("rank correlation with W1, WGAN-GP", "wgan_rank", at_least=0.8),
        Figure("rank correlation with W1, GAN's loss", "gan_rank"),
        Figure("rank correlation with W1, D's JS", "js_rank"),
        Figure("FID-digits, GAN, 25 s", 'digits_fid["GAN"]'),
        Figure("FID-digits, WGAN-GP, 25 s", 'digits_fid["WGAN-GP"]', at_most=300),
        Figure("FID-digits: WGAN-GP / GAN", 'digits_fid["WGAN-GP"] / digits_fid["GAN"]', 1),
        Figure("digits present, GAN", 'digits_classes["GAN"]', at_least=10),
        Figure("digits present, WGAN-GP", 'digits_classes["WGAN-GP"]', at_least=10),
        Figure("normal u: share of points outside", 'asked["by heart"]', at_least=0.5),
        Figure("slope too steep: normal u − uniform u", STEEPER, at_least=0),
    ],
    "09_conditional_generation": [
        # 2,000 wishes that leave nothing out, as the judge of faces sees them.
        Figure("hair colour as asked", 'made_shares["hair_color"]', at_least=0.95),
        Figure("eye colour as asked", 'made_shares["eye_color"]', at_least=0.91),
        Figure("glasses as asked", 'made_shares["glasses"]', at_least=0.99),
        Figure("hair length, mood, hat as asked: least", LEAST_OF_REST, at_least=0.98),
        Figure("the judge on real faces: hair colour", 'judge_shares["hair_color"]', at_least=0.96),
        Figure("the judge on real faces: least of the rest", JUDGE_REST, at_least=0.99),
        Figure("seconds of training, matching and game", "seconds_of_training", at_most=100),
        Figure("FID-faces", "made_fid", at_most=200),
        Figure("FID-faces, copying the target (the baseline)", "copied_fid"),
        Figure("FID-faces: copying the target / ours", "copied_fid / made_fid", at_least=3),
        Figure("truth preferred to a lie: least", "min(truth_found.values())", at_least=0.95),
        Figure("two faces for one text / two real ones", VARIETY.format("0.7"), at_least=0.15),
        Figure("the same, z with spread 1", VARIETY.format("1.0"), at_least=0.25),
        Figure("the same wish in two wordings: read alike", "alike", at_least=0.95),
        Figure("unseen combinations: hair colour", 'unseen_shares["hair_color"]', at_least=0.9),
        Figure("unseen combinations: eye colour", 'unseen_shares["eye_color"]', at_least=0.9),
        Figure("blind D: hair colour (chance 0.083)", 'blind_shares["hair_color"]', at_most=0.2),
        Figure("blind D: eye colour (chance 0.167)", 'blind_shares["eye_color"]', at_most=0.3),
        Figure("synopses to test with", "len(test_packages)", at_least=1000),
        Figure("their sources trained on", "len(both)", at_most=0),
        Figure("ROUGE-1 F, greedy", 'rouge["greedy"]["rouge1"]', at_least=0.38),
        Figure("ROUGE-2 F, greedy", 'rouge["greedy"]["rouge2"]'),
        Figure("ROUGE-L F, greedy", 'rouge["greedy"]["rougeL"]'),
        Figure("ROUGE-1 F, first 9 words (the baseline)", FIRST_WORDS.format("rouge1")),
        Figure("ROUGE-2 F, first 9 words (the baseline)", FIRST_WORDS.format("rouge2")),
        Figure("ROUGE-L F, first 9 words (the baseline)", FIRST_WORDS.format("rougeL")),
        Figure("ROUGE-1 F, beam of 4", 'rouge["beam of 4"]["rouge1"]', at_least=0.38),
        Figure("ROUGE-1: beam − greedy", GAIN.format("beam of 4", "greedy"), at_least=0),
        Figure("ROUGE-1: greedy − repeats", GAIN.format("greedy", "greedy, words may repeat"), 0),
        Figure("ROUGE-1: greedy − no copy", GAIN.format("greedy", "greedy, never copies"), 0.1),
    ],
    "10_putting_them_together": [
        # FID-faces: 2,000 pictures against 2,000 test faces.
        Figure("FID-faces, random: VAE", 'scores["VAE"]["random"]'),
        Figure("FID-faces, random: GAN", f'{LATE}["random"]'),
        Figure("FID-faces, random: VAE-GAN", f'{VAE_GAN}["random"]', at_most=500),
        Figure("random: VAE / VAE-GAN", f'scores["VAE"]["random"] / {VAE_GAN}["random"]', 2),
        Figure("random: GAN / VAE-GAN", f'{LATE}["random"] / {VAE_GAN}["random"]', at_least=1),
        Figure("copies: VAE / VAE-GAN", f'scores["VAE"]["copies"] / {VAE_GAN}["copies"]', 1.5),
        Figure("MSE: VAE-GAN − VAE", f'{VAE_GAN}["MSE"] - scores["VAE"]["MSE"]', at_least=0),
        Figure("kept: VAE-GAN", f'{VAE_GAN}["kept"]'),
        Figure("kept: VAE-GAN − VAE", f'{VAE_GAN}["kept"] - scores["VAE"]["kept"]', 0.03),
        Figure("kept: VAE − late encoder", f'scores["VAE"]["kept"] - {LATE}["kept"]', at_least=0),
        Figure("made faces come back: MSE / real faces'", "own_error / late_error", at_most=0.5),
        Figure("small world: JS of the best encoder", "found[best]", at_most=1e-6),
        Figure("small world: encoders with JS < 0.1", JS_SMALL, 1, 1),
        Figure("BiGAN: G(E(x)) shows the same digit", "same_digit", at_least=0.4),
        Figure("linear probe: BiGAN", 'probes["BiGAN"]'),
        Figure("linear probe: PCA", 'probes["PCA"]'),
        Figure("probe: BiGAN − random", 'probes["BiGAN"] - probes["random network"]', at_least=0.1),
        Figure("glasses seen before the edit", "glasses[0.0][0]", at_most=0.05),
        Figure("glasses seen after a = 1.5", "glasses[1.5][0]", at_least=0.8),
        Figure("others unchanged after a = 1.5", "glasses[1.5][1]", at_least=0.6),
        Figure("the ruler learns: its L_E / the honest one", RULER.format("L_E"), at_most=0.1),
        Figure("the ruler learns: its MSE / the honest one", RULER.format("MSE"), at_least=2),
        Figure("flow, 1 step: share in 3σ", 'flows[1]["inside"]', at_most=0.05),
        Figure("flow, 64 steps: heaps", 'flows[64]["heaps"]', at_least=8),
        Figure("flow, 64 steps: share in 3σ", 'flows[64]["inside"]', at_least=0.8),
        Figure("codes of the flow: FID / normal codes'", FLOW, at_most=0.9),
    ],
}


def whole() -> Figure:
    """The first row of every lecture."""
    return Figure("seconds, the whole lecture", "", at_most=SECONDS)


def run(slug: str, seed: int) -> tuple[float, list[float]]:
    """Execute a lecture in a fresh kernel; return its seconds and its figures."""
    notebook = nbformat.read(ROOT / "lectures" / f"{slug}.ipynb", 4)
    asked = ", ".join(f"float({figure.expression})" for figure in FIGURES[slug])
    cells, last = (
        notebook.cells,
        nbformat.v4.new_code_cell(f"import json\nprint(json.dumps([{asked}]))"),
    )
    settings = {"COURSE_SEED": str(seed)}
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
        resources={"metadata": {"path": str(ROOT / "lectures")}},
    )
    with client.setup_kernel(env={**os.environ, **settings}):
        began = time.perf_counter()
        for i, cell in enumerate(cells):
            client.execute_cell(cell, i)
        seconds = time.perf_counter() - began
        cells.append(last)
        client.execute_cell(last, len(cells) - 1)
    return seconds, json.loads(last.outputs[0].text)


def merged(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put the rows of some lectures into the kept ones, in the order of the lectures."""
    path, new = RESULTS / "lectures.json", {row["lecture"] for row in rows}
    kept = json.loads(path.read_text(encoding="utf-8"))["rows"] if path.exists() else []
    known = {slug[:2] for slug in FIGURES}
    others = [row for row in kept if row["lecture"] in known - new]
    in_order = sorted([*others, *rows], key=lambda row: row["lecture"])
    # Seeds last: some lectures have more of them.
    return [dict(sorted(row.items(), key=lambda item: item[0][:4] == "seed")) for row in in_order]


def main(
    slugs: Annotated[list[str] | None, typer.Argument(help="Lectures; all by default.")] = None,
    seed: Annotated[list[int] | None, typer.Option(help="May be given more than once.")] = None,
) -> None:
    """Run lectures and compare their figures with the targets."""
    unknown = sorted(set(slugs or []) - set(FIGURES))
    if unknown:
        raise typer.BadParameter(f"no such lecture: {', '.join(unknown)}")
    if BRIEF:
        slugs, seed = slugs or ["01_dimensionality_reduction"], seed or [0]
    rows: list[dict[str, Any]] = []
    for slug in slugs or FIGURES:
        runs, seeds = [], seed or SEEDS.get(slug, range(3))
        for s in seeds:
            seconds, values = run(slug, s)
            runs.append([seconds, *values])
            print(f"{slug}, seed {s}: {seconds:.0f} s", flush=True)
        for figure, row in zip([whole(), *FIGURES[slug]], zip(*runs)):
            rows.append(
                {
                    "lecture": slug[:2],
                    "figure": figure.name,
                    "target": figure.target or "–",
                    **{f"seed {s}": float(f"{v:.5g}") for s, v in zip(seeds, row)},
                    "reached": "yes" if all(map(figure.reached, row)) else "NO",
                }
            )
    caption = "Lectures run from top to bottom: seconds and figures"
    if seed:
        print(text_table(rows, caption))
        print("(Not the usual seeds: not kept.)")
    else:
        report("lectures", caption, merged(rows))
    if not BRIEF and any(row["reached"] == "NO" for row in rows):
        raise SystemExit(1)


if __name__ == "__main__":
    typer.run(main)
