import math
import time

import pytest
import torch

from course_utils import training
from course_utils.training import History, seed_everything, train


def test_a_step_that_forgets_its_return_is_told():
    with pytest.raises(TypeError, match="is there no 'return'"):
        train(lambda t: None, steps=5, curve=False)
    with pytest.raises(TypeError, match="Tensor"):
        train(lambda t: torch.ones(()), steps=5, curve=False)


def test_the_seed_repeats_everything_and_can_be_shifted_from_outside(monkeypatch):
    import random

    import numpy as np

    def draw():
        return random.random(), float(np.random.rand()), float(torch.rand(1))  # noqa: NPY002

    assert seed_everything(3) == 3
    first = draw()
    seed_everything(3)
    assert draw() == first
    monkeypatch.setenv("COURSE_SEED", "2")
    assert seed_everything(1) == 3
    assert draw() == first
    with pytest.raises(ValueError, match="whole number"):
        seed_everything(-5)


def test_the_device_can_compute():
    assert torch.ones(2, device=training.device()).sum().item() == 2


def test_a_model_learns_and_the_history_names_the_parts(capsys):
    w = torch.zeros(1, requires_grad=True)
    optimiser = torch.optim.SGD([w], 0.1)

    def step(t):
        loss = (w - 3) ** 2
        optimiser.zero_grad()
        loss.sum().backward()
        optimiser.step()
        return {"error": loss, "step": t}

    history = train(step, steps=50, label="fit", unit="squares")
    assert abs(w.item() - 3) < 1e-3
    assert history.steps == 50 and history.losses["step"] == list(range(50))
    assert history.losses["error"][0] == 9 and history.last("error") < 1e-4
    assert history.last("step", over=2) == 48.5
    assert "fit: 50 steps in" in capsys.readouterr().out


def test_the_seconds_budget_ends_a_run():
    history = train(lambda t: {"t": t}, seconds=0.05, curve=False)
    assert history.steps > 1 and history.seconds >= 0.05


def test_a_training_that_the_machine_left_no_time_says_so(capsys, monkeypatch):
    monkeypatch.setattr(training, "device", lambda: torch.device("cpu"))

    def others_work(t):
        time.sleep(0.01)
        return {"t": t}

    train(others_work, seconds=0.05, curve=False)
    assert "The machine was busy" in capsys.readouterr().out
    for budget in ({"steps": 3}, {"steps": 3, "seconds": 60}):  # all were made: nothing is lost
        train(others_work, curve=False, **budget)
        assert "busy" not in capsys.readouterr().out
    monkeypatch.setattr(time, "thread_time", time.perf_counter)
    train(others_work, seconds=0.05, curve=False)
    assert "busy" not in capsys.readouterr().out


@pytest.mark.parametrize("budget", [{"steps": 50}, {"seconds": 60}, {"steps": 50, "seconds": 60}])
def test_the_steps_can_be_capped_from_outside(budget, monkeypatch):
    monkeypatch.setenv("COURSE_STEPS", "7")
    assert train(lambda t: {"t": t}, curve=False, **budget).steps == 7
    assert train(lambda t: {"t": t}, curve=False, steps=3).steps == 3


def test_an_empty_answer_ends_a_run():
    assert train(lambda t: {"t": t} if t < 4 else {}, steps=100, curve=False).steps == 4


def test_the_interrupt_button_keeps_what_was_learnt(capsys):
    def step(t):
        if t == 3:
            raise KeyboardInterrupt
        return {"t": t}

    history = train(step, steps=100, curve=False)
    assert history.interrupted and history.losses["t"] == [0, 1, 2]
    assert "stopped by hand" in capsys.readouterr().out


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_that_blows_up_is_named(bad):
    with pytest.raises(FloatingPointError, match=r"'kl' became .* at step 1"):
        train(lambda t: {"kl": bad if t else 0.0}, steps=5, curve=False)


@pytest.mark.parametrize("budget", [{}, {"steps": 0}, {"seconds": -1}])
def test_a_budget_is_needed(budget):
    with pytest.raises(ValueError, match=r"budget|above 0"):
        train(lambda t: {"t": t}, **budget)


def test_the_seed_is_set_before_the_first_step():
    runs = [train(lambda t: {"x": torch.rand(1)}, steps=3, seed=5, curve=False) for _ in "ab"]
    assert runs[0].losses == runs[1].losses
    torch.manual_seed(1)
    first = train(lambda t: {"x": torch.rand(1)}, steps=3, seed=None, curve=False).losses
    assert first != runs[0].losses


def test_the_live_curve_grows_in_one_place(monkeypatch):
    shown = []

    class Handle:
        def update(self, bundle, **_):
            shown.append(bundle["text/plain"])

    def display(bundle, **options):
        assert options["display_id"]
        shown.append(bundle["text/plain"])
        return Handle()

    monkeypatch.setattr("IPython.display.display", display)
    monkeypatch.setattr("course_utils.plotting.LiveCurve._due", lambda self: True)
    train(lambda t: {"loss": 1.0 / (t + 1)}, steps=4, label="demo")
    assert len(shown) == 4  # after steps 2, 3, 4 and at the end
    assert "over 4 steps; it ends at loss 0.25" in shown[-1]


def test_a_history_reads_as_one_line():
    history = History({"reconstruction": [2.0, 1.0], "KL": [0.5, 0.25]}, 2, 1.25)
    assert str(history) == "2 steps in 1.2 s: reconstruction 1, KL 0.25"
