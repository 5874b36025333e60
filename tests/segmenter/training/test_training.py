from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from karyo_split.core.errors import UsageError
from karyo_split.pipeline.training.prepared_slides import simulated as simulated_slides
from karyo_split.segmenter import ConditionalConfig
from karyo_split.segmenter.training.examples import UNSURE, ask, cut_scene, dense_classes, draw_example
from karyo_split.segmenter.training.hard_examples import next_crops
from karyo_split.segmenter.training.scene import TrainingSlide
from karyo_split.segmenter.training.scene_sources import ComposedScenes, MixedScenes, SimulatedScenes, SlideScenes
from karyo_split.segmenter.training.synthetic_clusters import absorbed, compose_scene, lit
from karyo_split.segmenter.training.train import SegmenterTraining, fit_segmenter, rate_factor, separation_loss

NARROW = ConditionalConfig((4, 8, 8, 8), 4, 4, 8, (4,), 8)
SMALL = SegmenterTraining(steps=4, batch=4, seeds=2, check_every=2, network=NARROW, warmup=1)


@pytest.fixture(scope="module")
def slides() -> list[TrainingSlide]:
    return [TrainingSlide(s.image, s.masks, s.clusters, s.length_px) for s in simulated_slides(2, 50)]


def test_an_example_can_be_drawn_again(slides: list[TrainingSlide]) -> None:
    first, again = (draw_example(SlideScenes(slides), np.random.default_rng([1, 2]), 0) for _ in range(2))
    for one, other in zip(first.tensors(), again.tensors(), strict=True):
        assert torch.equal(one, other)


def test_another_turn_shows_the_same_scene_in_another_look(slides: list[TrainingSlide]) -> None:
    first, turned = (draw_example(SlideScenes(slides), np.random.default_rng([1, 4]), 0, turn=turn) for turn in (0, 1))
    assert torch.equal(first.dense, turned.dense)
    assert not torch.equal(first.grey, turned.grey)
    assert not torch.equal(first.seeds, turned.seeds)


def test_a_seed_lies_on_its_own_chromosome(slides: list[TrainingSlide]) -> None:
    for number in range(20):
        example = draw_example(SlideScenes(slides), np.random.default_rng([3, number]), number, seeds=6)
        assert example.grey.shape == (88, 88)
        assert example.seeds.shape == (6, 2)
        assert example.classes.shape == (6, 88, 88)
        assert example.grey.min() >= 0 and example.grey.max() <= 1.5
        for seed, classes in zip(example.seeds, example.classes, strict=True):
            assert set(classes.unique().tolist()) <= {0, 1, 2, 3}
            assert torch.equal(classes > 0, example.dense > 0)
            row, column = (int(v) for v in ((seed + 1) * 44).long().clamp(0, 87))
            near = classes[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
            assert (near % 2).any()


def test_seeds_go_round_the_chromosomes(slides: list[TrainingSlide]) -> None:
    scene = next(s for n in range(99) if (s := compose_scene(slides[0], np.random.default_rng(n))) and s.subject == 3)
    example = ask(scene, np.random.default_rng(1), seeds=6)
    own = {tuple(((c == 1) | (c == 3)).flatten().tolist()) for c in example.classes}
    assert len(own) == 3


def test_what_is_not_known_counts_in_no_loss(slides: list[TrainingSlide]) -> None:
    scene = compose_scene(slides[0], np.random.default_rng(0))
    assert scene is not None
    unsure = np.zeros((88, 88), dtype=bool)
    unsure[:20] = True
    dense = ask(replace(scene, unsure=unsure), np.random.default_rng(1)).dense
    assert (dense[:20] == UNSURE).all()
    assert (dense[20:] >= 0).all()


def test_absorbance_adds_up_and_never_exceeds_all_light() -> None:
    rng = np.random.default_rng(0)
    values = [np.full((4, 4), 0.5, np.float32), np.full((4, 4), 0.5, np.float32)]
    for _ in range(20):
        both = absorbed(values, rng)
        assert (both > 0.5).all() and (both < 1.0).all()
    assert np.allclose(absorbed(values[:1], rng), 0.5, atol=1e-6)
    assert (lit(values, rng) <= 1.0).all()


def test_simulated_scenes_follow_the_crops_number(slides: list[TrainingSlide]) -> None:
    drawn: list[int] = []

    def slide(number: int) -> TrainingSlide:
        drawn.append(number)
        return slides[number % 2]

    scenes = SimulatedScenes(slide, crops_between=10, in_use=2)
    for number in range(40):
        scenes.draw(np.random.default_rng(number), number)
    assert sorted(set(drawn)) == [0, 1, 2, 3, 4]
    assert len(scenes.cache) <= 4


def test_a_mixture_draws_by_its_shares(slides: list[TrainingSlide]) -> None:
    mixture = MixedScenes([SlideScenes(slides), ComposedScenes(slides)], [0.0, 1.0])
    same = (m.draw(np.random.default_rng(5), 0) for m in (mixture, MixedScenes([ComposedScenes(slides)], [1.0])))
    first, second = (scene.grey for scene in same)
    assert np.array_equal(first, second)
    assert mixture.fixed(1, np.random.default_rng(0)) is not None


def test_an_ambiguous_chromosome_is_neither_asked_about_nor_composed(slides: list[TrainingSlide]) -> None:
    slide = slides[0]
    clear = max(range(len(slide.clusters)), key=lambda i: len(slide.clusters[i]))
    left_open = frozenset(range(len(slide.masks))) - set(slide.clusters[clear][:1])
    guarded = replace(slide, ambiguous=left_open)
    assert set(guarded.lone) <= set(slide.clusters[clear][:1])
    scenes = [cut_scene(guarded, np.random.default_rng([6, n])) for n in range(60)]
    assert {s.subject for s in scenes if s is not None} <= {0, 1}


def test_touching_chromosomes_are_near_each_other() -> None:
    instances = np.zeros((3, 88, 88), dtype=bool)
    instances[0, 10:20, 10:20] = True
    instances[1, 20:30, 10:20] = True
    instances[2, 60:70, 60:70] = True
    dense = dense_classes(instances)
    assert dense[19, 15] == dense[20, 15] == 3
    assert dense[15, 15] == dense[65, 65] == 1
    instances[2, 15:18, 12:14] = True
    assert dense_classes(instances)[16, 13] == 2


def test_hard_crops_come_again_but_not_the_worst() -> None:
    shown = next_crops([], [], 100, 0, 0.25)
    assert [c.number for c in shown] == list(range(100))
    following = next_crops(shown, [float(n) for n in range(100)], 100, 100, 0.25)
    again = [c for c in following if c.turn]
    assert [c.number for c in again] == list(range(97, 72, -1))
    assert [c.number for c in following if not c.turn] == list(range(100, 175))


def test_composed_scenes_touch_and_overlap(slides: list[TrainingSlide]) -> None:
    scenes = [compose_scene(slides[0], np.random.default_rng([9, n])) for n in range(30)]
    made = [s for s in scenes if s is not None]
    assert len(made) > 25
    assert any((s.instances.sum(axis=0) > 1).any() for s in made)
    assert max(s.subject for s in made) >= 4


def test_a_real_crop_that_is_not_augmented_shows_the_slide(slides: list[TrainingSlide]) -> None:
    scene = cut_scene(slides[0], np.random.default_rng(4), augment=False)
    assert scene is not None
    example = ask(scene, np.random.default_rng(5), augment=False)
    assert np.allclose(example.grey.numpy(), scene.grey)
    covered = scene.instances.any(axis=0)
    assert scene.grey[covered].mean() > 5 * scene.grey[~covered].mean()


def test_a_right_answer_costs_less_than_a_wrong_one() -> None:
    classes = torch.zeros(1, 88, 88, dtype=torch.int64)
    classes[0, 20:40, 20:60] = 1
    right = torch.nn.functional.one_hot(classes, 4).permute(0, 3, 1, 2).float() * 12
    assert separation_loss(right, classes) < 0.05 < separation_loss(right.flip(-1), classes)


def test_the_rate_rises_stays_and_falls() -> None:
    settings = SegmenterTraining(steps=1000, warmup=100, cooldown=0.2, rate=1.0)
    assert rate_factor(settings, 0) == pytest.approx(0.01)
    assert rate_factor(settings, 500) == 1.0
    assert rate_factor(settings, 900) == pytest.approx(0.5)


def test_a_training_goes_on_where_it_was_killed(slides: list[TrainingSlide], tmp_path: Path) -> None:
    whole = fit_segmenter(SlideScenes(slides), {}, tmp_path / "whole", replace(SMALL, cooldown=0.0), lambda _: None)
    part = replace(SMALL, steps=2, cooldown=0.0)
    fit_segmenter(SlideScenes(slides), {}, tmp_path / "killed", part, lambda _: None)
    lines: list[str] = []
    settings = replace(SMALL, cooldown=0.0)
    resumed = fit_segmenter(SlideScenes(slides), {}, tmp_path / "killed", settings, lines.append, resume=True)
    assert lines[0] == "resumed at step 2"
    for name, tensor in whole.state_dict().items():
        if "cooldown" not in name:
            assert torch.allclose(tensor.float(), resumed.state_dict()[name].float(), atol=2e-3), name
    assert not list((tmp_path / "killed").glob("*.part"))


def test_a_training_is_not_overwritten(slides: list[TrainingSlide], tmp_path: Path) -> None:
    fit_segmenter(SlideScenes(slides), {}, tmp_path, replace(SMALL, steps=2), lambda _: None)
    with pytest.raises(UsageError, match="--resume"):
        fit_segmenter(SlideScenes(slides), {}, tmp_path, SMALL, lambda _: None)


def test_each_named_part_of_the_validation_is_scored(slides: list[TrainingSlide], tmp_path: Path) -> None:
    validation = {"one": SlideScenes(slides[:1]), "two": ComposedScenes(slides[1:])}
    fit_segmenter(SlideScenes(slides), validation, tmp_path, replace(SMALL, steps=2), lambda _: None)
    (line,) = (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()
    figures = json.loads(line)
    for name in ("one", "two"):
        assert 0 <= figures[f"{name}_share_three_quarters"] <= figures[f"{name}_share_half"] <= 1


def test_bfloat16_learns_what_float32_learns(slides: list[TrainingSlide], tmp_path: Path) -> None:
    losses = []
    for bfloat16 in (False, True):
        lines: list[str] = []
        settings = replace(SMALL, bfloat16=bfloat16)
        fit_segmenter(SlideScenes(slides), {}, tmp_path / str(bfloat16), settings, lines.append)
        losses.append(float(lines[-1].split("loss ")[1].split()[0]))
    assert losses[0] == pytest.approx(losses[1], rel=0.05)
