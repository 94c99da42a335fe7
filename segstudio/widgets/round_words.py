"""How rounds and what came of them are said on screen. Knows no widget."""

from __future__ import annotations

from collections.abc import Sequence

from segstudio.project.project import Project
from segstudio.project.rounds import Round
from segstudio.services.rounds import RoundResult, Verdict
from segstudio.services.translation import tr
from segstudio.widgets.words import points, score_of


def round_title(rounds: Sequence[Round], round_id: str) -> str:
    """How a round is called on screen: its number, counted from 1, or where its checkpoint came from."""
    number = 0
    for entry in rounds:
        number += entry.images > 0
        if entry.id == round_id:
            return tr("Round {number}", number=number) if entry.images else tr(entry.note)
    return ""


def scored_on(entry: Round) -> tuple[int, bool]:
    """Over how many held-out images the score of a round was taken (0: not known), and whether these are too few."""
    judgement = entry.judgement or {}
    return int(judgement.get("images", 0)), judgement.get("verdict") == Verdict.CANNOT_JUDGE.value


def summary(project: Project, round_id: str) -> str:
    """Which network is in use, and how it does on the held-out images: "Round 3 · held-out IoU 0.61 (4 images)"."""
    title = round_title(project.rounds(), round_id)
    entry = next((entry for entry in project.rounds() if entry.id == round_id), None)
    value = (entry.scores or {}).get("miou") if entry is not None else None
    if entry is None or value is None:
        return title
    return tr("{round} · held-out IoU {score}", round=title, score=score_of(value, *scored_on(entry)))


def difference_text(result: RoundResult) -> str:
    """What the mean IoU may have changed by: "+1.1 to +5.2 points, over 9 held-out images in 5 groups".

    Nothing where there are too few images to say.
    """
    images, groups = result.held_out
    if result.interval is None or result.verdict is Verdict.CANNOT_JUDGE:
        return ""
    low, high = result.interval
    return tr(
        "{low} to {high} points, over {images} held-out images in {groups} groups",
        low=points(low),
        high=points(high),
        images=images,
        groups=groups,
    )


def verdict_text(result: RoundResult) -> str:
    """One sentence on how the round ended."""
    match result.verdict:
        case Verdict.FIRST:
            return tr("The first network is ready; its proposals appear as you go.")
        case Verdict.BETTER if result.is_within_noise:
            return tr("No difference beyond chance; the new network has seen more images and proposes from now on.")
        case Verdict.BETTER:
            return tr("The new network is better on the held-out images and proposes from now on.")
        case Verdict.WORSE if result.lost:
            return tr("The new network loses {classes}; the one from before stays.", classes=", ".join(result.lost))
        case Verdict.WORSE:
            return tr("The new network is not better on the held-out images; the one from before stays.")
    if result.taken:
        return tr("Too few held-out images to judge; the new network proposes, and you can go back.")
    return tr("Too few held-out images to judge, but on those the new network is worse; the one from before stays.")
