"""How numbers are said on screen: with units and sensible digits. Knows no widget."""

from __future__ import annotations

from segstudio.core.class_table import VOID, ClassTable
from segstudio.services.translation import tr


def class_name(classes: ClassTable, value: int) -> str:
    """What the label `value` (0 to 255) stands for: a class's name, "void", or "class 7" where there are fewer."""
    if value == VOID:
        return tr("void")
    return classes.name_of(value) if value < len(classes) else tr("class {value}", value=value)


def images_of(count: int) -> str:
    """ "1 image", "34 images"."""
    return tr("1 image") if count == 1 else tr("{count} images", count=count)


def pixels_of(count: int) -> str:
    """ "1 pixel", "640 pixels", "12 300 pixels", "3.4 million pixels"."""
    if count == 1:
        return tr("1 pixel")
    if count >= 1_000_000:
        return tr("{millions} million pixels", millions=f"{count / 1_000_000:.1f}")
    return tr("{count} pixels", count=f"{count:,}".replace(",", "\N{NO-BREAK SPACE}"))


def duration(seconds: float) -> str:
    """`seconds` as "40 s", "2 min 10 s", "12 min" or "2 h 10 min"."""
    whole = max(0, round(seconds))
    if whole < 60:
        return tr("{seconds} s", seconds=whole)
    minutes, rest = divmod(whole, 60)
    if minutes < 5 and rest:
        return tr("{minutes} min {seconds} s", minutes=minutes, seconds=rest)
    if minutes < 60:
        return tr("{minutes} min", minutes=minutes)
    hours, minutes = divmod(minutes, 60)
    return tr("{hours} h {minutes} min", hours=hours, minutes=minutes) if minutes else tr("{hours} h", hours=hours)


def time_left(seconds: float) -> str:
    """`seconds` as "40 s left"."""
    return tr("{duration} left", duration=duration(seconds))


def percent(share: float) -> str:
    """A fraction from 0 to 1 as "31 %"; what is there but rounds to nothing is "< 1 %"."""
    if 0 < share < 0.005:
        return tr("< 1 %")
    if 0.995 <= share < 1:
        return tr("> 99 %")
    return tr("{value} %", value=round(share * 100))


def whole_number(count: int) -> str:
    """`count` with its thousands set apart: "12 340"."""
    return f"{count:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def data_size(count: int) -> str:
    """`count` bytes as "310 B", "48 kB" or "1.2 MB"."""
    if count < 1000:
        return tr("{count} B", count=count)
    if count < 999_500:
        return tr("{count} kB", count=round(count / 1000))
    return tr("{count} MB", count=f"{count / 1e6:.1f}")


def differing_pixels(count: int, of: int) -> str:
    """How many of `of` pixels differ: "1 234 px differ (7 %)"."""
    if not count:
        return tr("no pixel differs")
    if count == 1:
        return tr("1 px differs")
    return tr("{count} px differ ({share})", count=whole_number(count), share=percent(count / of))


def points(share: float) -> str:
    """A difference of fractions as percentage points with its sign: "+1.1", "−0.4", "0.0"."""
    text = f"{abs(share) * 100:.1f}"
    return text if text == "0.0" else f"{'+' if share > 0 else '−'}{text}"


def score_of(value: float | None, images: int, too_few: bool = False) -> str:
    """A held-out score and over how many images it was taken: "0.61 (4 images)"; 0 images: nobody knows."""
    if value is None or not images:
        return score(value)
    if images == 1:
        only = tr("1 image: too few") if too_few else tr("1 image")
        return tr("{score} ({only})", score=score(value), only=only)
    if too_few:
        return tr("{score} ({images} images: too few)", score=score(value), images=images)
    return tr("{score} ({images} images)", score=score(value), images=images)


def score(value: float | None) -> str:
    """A score from 0 to 1 with two decimals; a dash where there is none."""
    return "–" if value is None else f"{value:.2f}"


def trend_mark(change: float | None) -> str:
    """A change of a score as "▲", "▼" or "=" (less than half a point); nothing where there is none."""
    if change is None:
        return ""
    return "=" if abs(change) < 0.005 else "▲" if change > 0 else "▼"


def change_in_points(change: float) -> str:
    """A change of a score from -1 to 1 as "▲ 3 points"."""
    whole = abs(round(change * 100))
    if whole == 1:
        return tr("{mark} 1 point", mark=trend_mark(change))
    return tr("no change") if abs(change) < 0.005 else tr("{mark} {count} points", mark=trend_mark(change), count=whole)
