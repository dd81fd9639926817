"""Publish answers and show their charts: `python docs/gallery.py FOLDER...` with the folders of answers about one region.

Of each answer its texts, its manifest and the numbers behind its charts go to results/published/REGION/COMMAND, and its charts, small, to
docs/img/gallery and the pages docs/gallery.md and docs/gallery.zh.md. The tables and stores that take up room stay behind: the manifest has
their checksums, and the command makes them again.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from experiments import reading
from experiments.figures import style
from experiments.figures.text import Words
from experiments.reading import KINDS, Answer

ROOT = Path(__file__).parents[1]
PUBLISHED = ROOT / "results" / "published"
PICTURES = ROOT / "docs" / "img" / "gallery"
LANGS = ("en", "zh")
WIDTH = 1100  # pixels: small enough for a page of many
LARGEST = 1_000_000  # bytes of a published file

# What each command is asked here, and the page that explains the answer.
ASKED = {
    "run": ("anju run {region}", "programmes", "The main run", "主要结果"),
    "compare": ("anju compare {names}", "compare", "Policies compared", "政策比较"),
    "contributions": ("anju contributions {region}", "targets", "Which instrument does how much", "各项政策工具的贡献"),
    "reach": ("anju reach {region} --target relocated --lever subsidy", "targets", "Is the target within reach?", "目标能否达到"),
    "cheapest": ("anju cheapest {region} {asked}", "targets", "The least costly mix", "成本最低的政策组合"),
    "sensitivity": ("anju sensitivity {region} --screen 12", "sensitivity", "What the answer hangs on", "结果取决于什么"),
    "discover": ("anju discover {names} --target relocated", "discover", "Where the plan fails", "方案在何处落空"),
    "calibrate": ("anju calibrate {region}", "calibration", "What facts say of it", "事实校准"),
    "validate": ("anju validate", "validation", "Held against facts it has not seen", "与未用于校准的事实对照"),
}  # fmt: skip
WORDS = {
    "title": ("Gallery", "图库"),
    "other": ("中文：[gallery.zh.md](gallery.zh.md)", "English: [gallery.md](gallery.md)"),
    "lead": (
        "Every chart that Anju draws but that of urban accounts, which only Jiaojiang and Yueyang have, from the reference study"
        " of {region} ([texts, numbers and manifests]({kept})).\n"
        "`anju figures FOLDER` draws those of any answer again, as PNG, SVG or PDF, for a journal or a slide: see [charts](figures.md).",
        "安居绘制的全部图表（城镇化核算图除外，只有椒江、岳阳有），取自{region}参考研究（[文字、数据与清单]({kept})）。\n"
        "`anju figures 文件夹` 可把任一结果的图表重绘为 PNG、SVG 或 PDF，期刊或幻灯片尺寸，见[图表](figures.zh.md)。",
    ),
    "more": ("[What it means]({page}.md)", "[如何解读]({page}.zh.md)"),
    "numbers": ("numbers behind it", "图中数据"),
    "answer": ("the whole answer", "完整结果"),
}  # fmt: skip


def main(folders: Sequence[str]) -> None:
    """Publish the answers and write the gallery's pages."""
    answers = sorted(
        (reading.answer(folder) for folder in folders), key=lambda one: list(KINDS).index(one.kind)
    )
    region = region_of(answers[0])
    shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir(parents=True)
    for answer in answers:
        publish(answer, PUBLISHED / region / answer.kind)
    for lang in LANGS:
        page = ROOT / "docs" / ("gallery.md" if lang == "en" else f"gallery.{lang}.md")
        page.write_text("\n".join(lines(answers, region, lang)) + "\n", encoding="utf-8")


def region_of(answer: Answer) -> str:
    """The region of an answer of `anju run`, which the gallery begins with."""
    if answer.kind != "run":
        sys.exit("docs/gallery.py: the first answer has to be that of `anju run`")
    return answer.manifest["scenario"]["name"].split("/")[0]


def publish(answer: Answer, folder: Path) -> None:
    """Keep what is small of an answer: texts, manifest, the numbers of its charts."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "figures").mkdir(parents=True)
    named = KINDS[answer.kind].named
    for name in ("manifest.json", f"{named}.json", *(f"{named}.{lang}.txt" for lang in LANGS)):
        if (answer.folder / name).stat().st_size <= LARGEST:
            shutil.copyfile(answer.folder / name, folder / name)
    for chart in answer.charts():
        if len(numbers := chart.csv()) <= LARGEST:
            (folder / "figures" / f"{chart.name}.csv").write_bytes(numbers)


def lines(answers: Sequence[Answer], region: str, lang: str) -> Iterator[str]:
    """The page, drawing its pictures on the way."""
    column = LANGS.index(lang)

    def say(key: str, **values: str) -> str:
        return WORDS[key][column].format(**values)

    title = answers[0].title[lang]
    yield from (
        f"# {say('title')}",
        "",
        say("other"),
        "",
        say("lead", region=title, kept=f"../results/published/{region}"),
    )
    for answer in answers:
        command, page, *heading = ASKED[answer.kind]
        yield from (
            "",
            f"## {heading[column]}",
            "",
            "```bash",
            command_of(answer, command, region),
            "```",
            "",
        )
        named = KINDS[answer.kind].named
        kept = f"../results/published/{region}/{answer.kind}"
        yield f"{say('more', page=page)} · [{say('answer')}]({kept}/{named}.{lang}.txt)"
        for chart in answer.charts():
            with style.laid_out(lambda chart=chart: chart.draw(Words(lang))) as sheet:
                picture = style.small(sheet.render("png", name=chart.name), WIDTH)
                file = f"{answer.kind}-{chart.name}.{lang}.png"
                (PICTURES / file).write_bytes(picture)
                yield from ("", f"### {sheet.title}", "", f"![{plain(sheet.title)}](img/gallery/{file})", "")
                yield f"{sheet.note} ([{say('numbers')}]({kept}/figures/{chart.name}.csv))"


def command_of(answer: Answer, command: str, region: str) -> str:
    """The command as it was typed; without `--points` another number of futures would be run."""
    request = answer.manifest.get("request", {})
    points = f" --points {request['points']}" if request.get("points") else ""
    typed = command.format(
        region=region, names=" ".join(request.get("names", ())),
        asked="--target relocated=25000 --over noise --levers subsidy,loan_rate,public_posts",
    )  # fmt: skip
    return typed + points


def plain(text: str) -> str:
    """Without what Markdown would read as marks."""
    return text.replace("[", "(").replace("]", ")")


if __name__ == "__main__":
    main(sys.argv[1:])
