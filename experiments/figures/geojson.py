"""A user's own boundaries: GeoJSON (RFC 7946) read, checked, and matched to a study's counties."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from scenarios.errors import InputError
from scenarios.words import did_you_mean, say

SHAPES = ("Polygon", "MultiPolygon")
MEND = "give GeoJSON (RFC 7946) in longitude and latitude; `ogr2ogr -t_srs EPSG:4326 out.geojson IN` makes it"
FINE = 0.05  # mm: outlines are not drawn finer
LINES = 41  # heights at which room for a name is looked for


class Map(NamedTuple):
    """Boundaries of the counties, in their order; a shape is a list of polygons, a polygon its rings, each (points, 2).

    Degrees of longitude and latitude. The first ring is the outline and runs against the clock, the others are holes and run
    with it. `matched` is the property counties were found by.
    """

    name: str
    shapes: tuple[tuple[tuple[np.ndarray, ...], ...], ...]
    matched: str


def read_map(path: str | Path, counties: Sequence[Any], codes: Mapping[str, str] | None = None) -> Map:
    """The boundaries in a GeoJSON file; features that are none of the counties are left out.

    Counties are found by one property of the features, the one that knows most of them: their id, their Chinese or English
    name, or their adcode in `codes` (id: adcode). Raises InputError for a file that cannot be read or is not GeoJSON, a county
    that is missing or there twice or has no area, and coordinates that are not degrees.
    """
    path = Path(path)
    features = _features(path)
    labels = [_labels(feature) for feature in features]
    known = [_known_as(county, codes or {}) for county in counties]
    key = _best(labels, known)
    found = [
        [k for k, label in enumerate(labels) if key in label and label[key].casefold() in names]
        for names in known
    ]
    _check_found(path, counties, found, key, labels)
    shapes = [
        _shape(f"{path}: {county.id}", features[rows[0]].get("geometry"))
        for county, rows in zip(counties, found, strict=True)
    ]
    return Map(path.name, tuple(shapes), key)


def _features(path: Path) -> list[dict[str, Any]]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError([f"{path}: {error.strerror or error}; a GeoJSON file expected"]) from error
    except (ValueError, RecursionError) as error:
        raise InputError([f"{path}: is not JSON ({error}); {MEND}"]) from error
    kind = content.get("type") if isinstance(content, dict) else None
    if kind == "Feature":
        content = {"features": [content]}
    elif kind == "Topology":
        raise InputError([f"{path}: is TopoJSON; {MEND}"])
    elif kind != "FeatureCollection":
        raise InputError(
            [f"{path}: is not GeoJSON: its type is {say(kind)}; a FeatureCollection expected; {MEND}"]
        )
    features = content.get("features")
    if not isinstance(features, list) or not features or not all(isinstance(one, dict) for one in features):
        raise InputError([f"{path}: holds no features; one polygon a county expected; {MEND}"])
    return features


def _labels(feature: Mapping[str, Any]) -> dict[str, str]:
    """Every property of a feature that is text or a whole number, its own id among them, as text."""
    properties = feature.get("properties")
    own = dict(properties) if isinstance(properties, dict) else {}
    own.setdefault("id", feature.get("id"))
    return {
        key: str(v).strip() for key, v in own.items() if isinstance(v, str | int) and not isinstance(v, bool)
    }


def _known_as(county: Any, codes: Mapping[str, str]) -> set[str]:
    names = (county.id, county.zh, county.en, codes.get(county.id, ""))
    return {name.casefold() for name in names if name}


def _best(labels: Sequence[Mapping[str, str]], known: Sequence[set[str]]) -> str:
    """The property that knows most counties, the first of them in the file's order; "" if none knows any."""
    keys = dict.fromkeys(key for label in labels for key in label)
    values = {key: {label[key].casefold() for label in labels if key in label} for key in keys}
    return max(keys, key=lambda key: sum(bool(values[key] & names) for names in known), default="")


def _check_found(
    path: Path, counties: Sequence[Any], found: Sequence[list[int]], key: str, labels: Sequence[Mapping[str, str]]
) -> None:  # fmt: skip
    if not any(found):
        have = ", ".join(dict.fromkeys(key for label in labels for key in label)) or "none"
        wanted = counties[0]
        raise InputError([
            f"{path}: none of the {len(counties)} counties is in it; expected a property that holds their ids ({wanted.id}), names"
            f" ({wanted.zh}, {wanted.en}) or adcodes; its properties: {have}"
        ])  # fmt: skip
    taken = {row for rows in found for row in rows}
    there = [label[key] for row, label in enumerate(labels) if key in label and row not in taken]
    problems = [
        f"{path}: {county.id} ({county.zh}, {county.en}) is missing: no feature has it as its {key}"
        + _nearest(county, there)
        for county, rows in zip(counties, found, strict=True)
        if not rows
    ]
    problems += [
        f"{path}: {county.id} is there {len(rows)} times: {key} {labels[rows[0]][key]}; one feature a county expected: join "
        "its parts to a MultiPolygon"
        for county, rows in zip(counties, found, strict=True)
        if len(rows) > 1
    ]
    owners: dict[int, list[str]] = {}
    for county, rows in zip(counties, found, strict=True):
        for row in rows:
            owners.setdefault(row, []).append(county.id)
    problems += [
        f"{path}: {key} {labels[row][key]} is more than one county: {', '.join(ids)}"
        for row, ids in owners.items()
        if len(ids) > 1
    ]
    if problems:
        raise InputError(problems)


def _nearest(county: Any, there: Sequence[str]) -> str:
    names = (county.zh, county.en, county.id)
    return next((found for name in names if (found := did_you_mean(name, there))), "")


def _shape(where: str, geometry: Any) -> tuple[tuple[np.ndarray, ...], ...]:
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in SHAPES:
        raise InputError([
            f"{where}: has no area: its geometry is {say(kind) if kind else 'empty'}; {' or '.join(SHAPES)} expected"
        ])  # fmt: skip
    polygons = geometry.get("coordinates")
    if kind == "Polygon":
        polygons = [polygons]
    if not isinstance(polygons, list) or not polygons:
        raise InputError([f"{where}: its geometry holds no coordinates; {' or '.join(SHAPES)} expected"])
    return tuple(tuple(_rings(where, polygon)) for polygon in polygons)


def _rings(where: str, polygon: Any) -> Iterator[np.ndarray]:
    """The rings of a polygon, the outline against the clock and holes with it, whichever way the file has them."""
    if not isinstance(polygon, list) or not polygon:
        raise InputError([f"{where}: a polygon without a ring; {MEND}"])
    for k, ring in enumerate(polygon):
        points = _points(where, ring)
        yield points if (area(points) >= 0.0) == (k == 0) else points[::-1]


def _points(where: str, ring: Any) -> np.ndarray:
    try:
        points = np.array([[float(x), float(y)] for x, y, *_ in ring])
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError([f"{where}: a ring that is not a list of [longitude, latitude]; {MEND}"]) from error
    if len(points) < 4:
        raise InputError(
            [f"{where}: a ring of {len(points)} points; at least 4 expected, the last as the first"]
        )
    outside = ~(np.isfinite(points).all(axis=1) & (abs(points) <= (180.0, 90.0)).all(axis=1))
    if outside.any():
        x, y = points[outside][0]
        turned = bool((abs(points) <= (90.0, 180.0)).all())
        why = f"the boundaries are projected; {MEND}"
        if turned:
            why = "latitude stands first; give longitude first, as GeoJSON has it"
        raise InputError([
            f"{where}: [{x:.10g}, {y:.10g}] is no longitude (-180 to 180) and latitude (-90 to 90): {why}"
        ])  # fmt: skip
    closed = (points[0] == points[-1]).all()
    return points if closed else np.concatenate([points, points[:1]])  # drawing drops a ring's last point


def area(ring: np.ndarray) -> float:
    """Area of a ring (points, 2), negative if it runs with the clock."""
    x, y = (ring - ring[0]).T
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2.0


class Flat(NamedTuple):
    """A map in mm: shapes with (points, 2) rings from the lower left corner, y upwards, and the room they take."""

    shapes: tuple[tuple[tuple[np.ndarray, ...], ...], ...]
    width: float
    height: float


def flat(map: Map, width: float, height: float) -> Flat:
    """The map within `width` by `height` mm, equirectangular: degrees of longitude shrunk as in its middle latitude."""
    points = np.concatenate([ring for shape in map.shapes for polygon in shape for ring in polygon])
    low, high = points.min(axis=0), points.max(axis=0)
    shrink = np.array([np.cos(np.radians((low[1] + high[1]) / 2.0)), 1.0])
    size = np.maximum((high - low) * shrink, 1e-9)
    by = float(min(width / size[0], height / size[1]))
    shapes = tuple(
        tuple(tuple(_thinned((ring - low) * shrink * by) for ring in polygon) for polygon in shape)
        for shape in map.shapes
    )
    return Flat(shapes, float(size[0] * by), float(size[1] * by))


def _thinned(ring: np.ndarray) -> np.ndarray:
    """The ring without points that fall on the one before them on a grid of FINE mm; a ring of its ends stays."""
    grid = np.round(ring / FINE)
    kept = np.append(True, (np.diff(grid, axis=0) != 0).any(axis=1))
    kept[-1] = True
    return ring[kept] if kept.sum() >= 4 else ring


def inside(shape: Sequence[Sequence[np.ndarray]], y: float) -> np.ndarray:
    """From where to where a shape lies at height `y`: (spans, 2), holes left out."""
    crossings = [
        x for polygon in shape for ring in polygon for x in _crossings(ring, np.roll(ring, -1, axis=0), y)
    ]
    return np.sort(crossings).reshape(-1, 2)


def _crossings(here: np.ndarray, there: np.ndarray, y: float) -> np.ndarray:
    cross = (here[:, 1] <= y) != (there[:, 1] <= y)
    a, b = here[cross], there[cross]
    return a[:, 0] + (y - a[:, 1]) / (b[:, 1] - a[:, 1]) * (b[:, 0] - a[:, 0])


def widest(shape: Sequence[Sequence[np.ndarray]], tall: float) -> tuple[float, float, float]:
    """Middle (x, y) and width of the widest box of height `tall` inside a shape; of width 0 in its middle if none fits."""
    ys = np.concatenate([polygon[0][:, 1] for polygon in shape])
    best = (float(np.mean([p[0][:, 0].mean() for p in shape])), float(ys.min() + ys.max()) / 2.0, 0.0)
    for y in np.linspace(ys.min(), ys.max(), LINES):
        levels = [inside(shape, y + step * tall) for step in (-0.5, 0.0, 0.5)]
        for low, high in levels[1]:
            for other in (levels[0], levels[2]):
                within = [(max(low, a), min(high, b)) for a, b in other]
                low, high = max(within, key=lambda span: span[1] - span[0], default=(0.0, 0.0))
            if high - low > best[2]:
                best = (float(low + high) / 2.0, float(y), float(high - low))
    return best
