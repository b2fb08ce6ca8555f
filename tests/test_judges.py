"""The judges: right on real pictures, small, and clear about what they cannot look at."""

import numpy as np
import pytest
import torch

from course_utils import datasets, judges


def test_digits_are_judged_right():
    images, labels = datasets.mnist("test")
    p = judges.digit_judge().probabilities(images)["digit"]
    assert p.shape == (10_000, 10)
    torch.testing.assert_close(p.sum(1), torch.ones(10_000))
    assert (p.argmax(1) == labels).float().mean() >= 0.985


def test_faces_are_judged_right():
    faces = datasets.pixel_faces("test")
    answers = judges.face_judge().probabilities(faces.to_rgb())
    assert list(answers) == list(faces.meanings)
    for k, (name, p) in enumerate(answers.items()):
        assert p.shape == (4_000, len(faces.meanings[name]))
        right = (p.argmax(1) == faces.attributes[:, k]).float().mean()
        assert right >= (0.96 if name == "hair_color" else 0.99), name


@pytest.mark.parametrize("name", ["digit_judge.npz", "face_judge.npz"])
def test_judges_are_small(name):
    assert (datasets.DATA_DIR / name).stat().st_size < 1_000_000


def test_a_judge_looks_at_each_picture_by_itself():
    judge = judges.digit_judge()
    images, _ = datasets.mnist("test", n=250)
    features = judge.features(images)
    assert features.shape == (250, 64) and (features >= 0).all()
    torch.testing.assert_close(judge.features(images.flatten(1)), features)
    torch.testing.assert_close(judge.features(images[130:131]), features[130:131])
    assert not judge.training and not any(p.requires_grad for p in judge.parameters())


def test_a_generator_can_learn_from_a_judge():
    image = torch.rand(1, 1, 28, 28, requires_grad=True)
    judges.digit_judge()(image)["digit"][0, 3].backward()
    assert image.grad.abs().sum() > 0


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (torch.zeros(3, 1, 16, 16), r"\(n, 1, 28, 28\).*\(3, 1, 16, 16\)"),
        (torch.zeros(0, 1, 28, 28), "n at least 1"),
        (torch.full((1, 1, 28, 28), 255.0), r"\[0, 1\].*255"),
        (torch.full((1, 1, 28, 28), float("nan")), r"\[0, 1\]"),
        (torch.zeros(1, 1, 28, 28, dtype=torch.uint8), "float tensor"),
        (np.zeros((1, 1, 28, 28)), "float tensor"),
    ],
)
def test_what_is_no_picture_is_told(images, words):
    with pytest.raises(ValueError, match=words):
        judges.digit_judge().features(images)


def test_a_judge_is_saved_and_read_again(tmp_path, monkeypatch):
    judge = judges.Judge(3, 16, {"colour": 4, "hat": 2}).eval()
    judges.save(judge, str(tmp_path / "small.npz"))
    monkeypatch.setattr(judges, "bundled_file", lambda name: tmp_path / name)
    again = judges._load("small.npz")
    images = torch.rand(5, 3, 16, 16)
    assert again.questions == {"colour": 4, "hat": 2}
    torch.testing.assert_close(again.features(images), judge.features(images), rtol=0.01, atol=0.01)
