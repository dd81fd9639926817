"""County tiles: the schematic, reading order, colours that can be read, and the user's own boundaries with all their faults."""

import csv
import io
import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from fakes import fake_study
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch

import scenarios
from experiments.figures import geojson, sheets, style, tiles
from experiments.figures.text import LANGS, Words
from scenarios.errors import InputError

SQUARE = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]], float)


@pytest.fixture(scope="module")
def study():
    return fake_study(6, 2)


def counties(n):
    return [SimpleNamespace(id=f"c{k}", en=f"Far-away county {k}", zh=f"遥远县{k}") for k in range(n)]


def regional(study, n):
    """The same study shared out over so many counties without a schematic."""
    county = np.repeat(study.county.sum(axis=2, keepdims=True) / n, n, axis=2)
    why = np.repeat(study.why.sum(axis=1, keepdims=True) / n, n, axis=1)
    scenario = SimpleNamespace(**vars(study.scenario) | {"counties": counties(n)})
    return replace(study, scenario=scenario, county=county, why=why)


def features(named, **changes):
    """A square a county, side by side, `named` by its properties."""
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": properties, "geometry": {
                "type": "Polygon", "coordinates": [(SQUARE + [119.0 + k, 27.0]).tolist()]}}
            for k, properties in enumerate(named)
        ],
    } | changes  # fmt: skip


def written(tmp_path, content):
    path = tmp_path / "own.geojson"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_nine_tiles_that_lie_as_the_counties_do():
    lishui = scenarios.load("lishui").counties
    at = dict(zip([county.id for county in lishui], tiles.layout(lishui), strict=True))
    assert len(set(at.values())) == 9 and tiles.is_schematic(lishui)
    row, column = 0, 1
    assert min(at, key=lambda id: at[id][row]) == "jinyun"  # north
    assert {id for id in at if at[id][row] == 3} == {"qingyuan", "jingning"}  # south
    assert at["suichang"][column] < at["songyang"][column] < at["liandu"][column]
    assert at["qingtian"][column] > at["yunhe"][column] > at["longquan"][column]


def test_other_regions_are_laid_out_in_reading_order():
    for n in (1, 4, 9, 15, 40):
        places = tiles.layout(counties(n))
        assert places == sorted(places) and len(set(places)) == n and places[0] == (0, 0)
        assert max(column for _, column in places) < 10
    assert not tiles.is_schematic(counties(2))


def test_classes_hold_every_share_and_colours_can_be_read():
    for most in (0.0, 0.0007, 0.024, 0.22, 0.25, 0.999, 1.0):
        s = tiles.scale(np.array([0.0, most]))
        assert s.edges[0] == 0.0 and s.edges[-1] > most and len(s.colours) == len(s.edges) - 1 <= 11
        assert s.colour(0.0) == s.colours[0]
        assert s.colour(most) == s.colours[int(np.searchsorted(s.edges, most, side="right")) - 1]
        for colour in s.colours:
            assert contrast(colour, tiles._ink(colour)) >= 4.5


def contrast(one, other):
    lights = sorted(luminance(c) for c in (one, other))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def luminance(colour):
    from matplotlib.colors import to_rgb

    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("size", style.SIZES)
@pytest.mark.parametrize("n", [None, 1, 15, 40])
def test_every_tile_says_its_numbers_inside_itself(study, lang, size, n):
    shown = regional(study, n) if n else study
    with style.laid_out(lambda: tiles.draw(shown, tiles.data(shown), Words(lang)), size) as sheet:
        figure = sheet.figure
        renderer = style._measure()
        figure.dpi = renderer.dpi
        boxes = [t.get_window_extent(renderer) for t in figure.texts if t.get_text()]
        for k, box in enumerate(boxes):
            assert box.x0 >= -1 and box.x1 <= figure.bbox.width + 1
            assert not any(box.shrunk(0.98, 0.5).overlaps(other.shrunk(0.98, 0.5)) for other in boxes[:k])
        said = " ".join(t.get_text().replace("\n", " ") for t in figure.texts)
    for county in shown.scenario.counties:
        assert Words(lang).name(county).replace(" ", "") in said.replace(" ", "")


def test_the_note_says_that_it_is_no_map(study):
    with style.session():
        assert "Schematic, not a map" in tiles.draw(study, tiles.data(study), Words("en")).note
        assert "示意图" in tiles.draw(study, tiles.data(study), Words("zh")).note


def test_numbers_behind_the_tiles(study):
    d = tiles.data(study)
    found = list(
        csv.DictReader(
            io.StringIO(
                sheets.Chart("tiles", study, tiles.rows(study, d), lambda words: tiles.draw(study, d, words))
                .csv()
                .decode()
            )
        )
    )
    keys = study.indicator("persons_keys")[:, 35]
    pool = study.why[..., 1].sum(axis=2)
    for row in found:
        c = [county.id for county in study.scenario.counties].index(row["county"])
        assert float(row["persons_p50"]) == pytest.approx(np.median(keys[:, c]))
        assert float(row["pool_share_p50"]) == pytest.approx(np.median(keys[:, c] / pool[:, c]))
        assert (int(row["tile_row"]), int(row["tile_column"])) == tiles.layout(study.scenario.counties)[c]


# The user's own boundaries


@pytest.mark.parametrize("key", ["id", "zh", "en", "adcode"])
def test_counties_are_found_by_id_name_or_code(tmp_path, key):
    known = scenarios.load("lishui").counties
    codes = {id: place.adcode for id, place in tiles.schematics().items()}
    named = [
        {
            "level": "district",
            "of": "丽水市",
            "label": int(codes[c.id]) if key == "adcode" else getattr(c, key),
        }
        for c in reversed(known)
    ]
    found = tiles.read_map(written(tmp_path, features(named)), known)
    assert found.matched == "label" and found.name == "own.geojson"
    west = [shape[0][0][:, 0].min() for shape in found.shapes]
    assert west == [119.0 + k for k in reversed(range(9))]


def test_a_feature_id_counts_and_other_features_are_left_out(tmp_path):
    content = features([{}, {}, {}])
    for feature, id in zip(content["features"], ("c1", "elsewhere", "c0"), strict=True):
        feature["id"] = id
    found = tiles.read_map(written(tmp_path, "\ufeff" + json.dumps(content)), counties(2))
    assert [shape[0][0][0, 0] for shape in found.shapes] == [121.0, 119.0]


def test_holes_are_holes_whichever_way_their_rings_run(tmp_path):
    content = features([{"id": "c0"}])
    outline = (SQUARE * 4).tolist()
    hole = (SQUARE + 1.5).tolist()
    for ring in (hole, hole[::-1]):
        for around in (outline, outline[::-1]):
            content["features"][0]["geometry"]["coordinates"] = [around, ring]
            (shape,) = tiles.read_map(written(tmp_path, content), counties(1)).shapes
            assert geojson.area(shape[0][0]) == 16.0 and geojson.area(shape[0][1]) == -1.0
            assert geojson.inside(shape, 2.0).tolist() == [[0.0, 1.5], [2.5, 4.0]]
            assert painted(shape, (1.0, 1.0)) and not painted(shape, (2.0, 2.0))
            x, y, room = geojson.widest(shape, 0.2)
            assert room == 4.0 and not 1.4 < y < 2.6


def painted(shape, at):
    """Whether the point is covered when the shape is drawn on a canvas of 4 by 4."""
    figure = Figure(figsize=(1, 1), dpi=40)
    ax = figure.add_axes((0, 0, 1, 1), xlim=(0, 4), ylim=(4, 0))
    ax.set_axis_off()
    ax.add_patch(PathPatch(tiles._outline(shape), facecolor="black", linewidth=0))
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[int(at[1] * 10), int(at[0] * 10), 0] == 0


def test_degrees_of_longitude_shrink_with_latitude(tmp_path):
    at = SQUARE * 2.0 + [10.0, 59.0]  # two by two degrees around 60 north
    content = features([{"id": "c0"}])
    content["features"][0]["geometry"]["coordinates"] = [at.tolist()]
    flat = geojson.flat(tiles.read_map(written(tmp_path, content), counties(1)), 100.0, 100.0)
    assert flat.height == pytest.approx(100.0) and flat.width == pytest.approx(50.0)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("not json", "is not JSON"),
        ("[1]", "is not GeoJSON"),
        ('{"type": "Topology"}', "TopoJSON"),
        ('{"type": "FeatureCollection", "features": []}', "holds no features"),
        (features([{"name": "X"}, {"name": "Y"}]), "none of the 2 counties"),
        (features([{"id": "c0"}, {"id": "Far"}]), "c1 (遥远县1, Far-away county 1) is missing"),
        (features([{"name": "Far-away county 0"}, {"name": "Far-away countie 1"}]), 'did you mean "Far-away countie 1"?'),
        (features([{"id": "c0"}, {"id": "c1"}, {"id": "c1"}]), "c1 is there 2 times"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_says_why(tmp_path, content, said):
    path = written(tmp_path, content)
    with pytest.raises(InputError) as error:
        tiles.read_map(path, counties(2))
    assert said in str(error.value) and str(path) in str(error.value)


@pytest.mark.parametrize(
    ("geometry", "said"),
    [
        (None, "has no area"),
        ({"type": "Point", "coordinates": [1, 2]}, "Point"),
        ({"type": "Polygon", "coordinates": []}, "without a ring"),
        ({"type": "MultiPolygon", "coordinates": []}, "no coordinates"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 0]]]}, "a ring of 3 points"),
        ({"type": "Polygon", "coordinates": [["a", "b", "c", "d"]]}, "longitude, latitude"),
        ({"type": "Polygon", "coordinates": [(SQUARE * 1e5).tolist()]}, "projected"),
        (
            {"type": "Polygon", "coordinates": [(SQUARE[:, ::-1] + (0.0, 95.0)).tolist()]},
            "latitude stands first",
        ),
    ],
)
def test_a_shape_that_cannot_be_drawn_says_whose(tmp_path, geometry, said):
    content = features([{"id": "c0"}])
    content["features"][0]["geometry"] = geometry
    with pytest.raises(InputError, match="c0") as error:
        tiles.read_map(written(tmp_path, content), counties(1))
    assert said in str(error.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        tiles.read_map(tmp_path / "none.geojson", counties(1))


@pytest.mark.parametrize("lang", LANGS)
def test_a_map_of_ones_own_names_its_file_and_all_counties(study, tmp_path, lang):
    known = study.scenario.counties
    map = tiles.read_map(written(tmp_path, features([{"id": c.id} for c in known])), known)
    chart = sheets.Chart(
        "tiles", study, [], lambda words: tiles.draw(study, tiles.data(study), words, map=map)
    )
    first = chart.pictures(lang, ["svg"])["svg"]
    assert first == chart.pictures(lang, ["svg"])["svg"]
    with style.session():
        sheet = tiles.draw(study, tiles.data(study), Words(lang), map=map)
    said = " ".join(t.get_text() for t in sheet.figure.texts)
    assert "own.geojson" in sheet.note and str(tmp_path) not in said
    assert all(Words(lang).name(county) in said for county in known)
