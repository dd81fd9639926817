"""`anju store`: the runs of sweeps, listed, checked, exported, merged and packed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from experiments.commands.common import INTERNAL, Json, Lang, Refused, langs_of, say

app = typer.Typer(
    name="store",
    help="The runs of sweeps: list, check, export, merge, pack.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Folder = Annotated[
    Path,
    typer.Argument(
        metavar="STORE", help="The store: a folder that `anju store ls` lists.", show_default=False
    ),
]
FORMATS = ("parquet", "csv")


@app.command(short_help="List the stores in a folder, and how far each is.")
def ls(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to look.")] = Path("results"),
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    """List the stores in a folder: scenario, design, runs done and planned, failed ones, size."""
    from experiments import store

    langs = langs_of(lang)
    found = [store.listed(path) for path in store.below(folder)]
    if as_json:
        _print_json([one._asdict() | {"path": str(one.path)} for one in found])
        return
    from experiments.store.text import list_text

    say((list_text(found, one) for one in langs), nl=False)


@app.command(short_help="Say what a store holds, why runs failed, how to read it.")
def info(folder: Folder, lang: Lang = None, as_json: Json = False) -> None:
    """Say what a store holds: its study, its runs, why runs failed, and how to read it."""
    from experiments.store.listing import details

    langs = langs_of(lang)
    found = details(folder)
    if as_json:
        _print_json(found)
        return
    from experiments.store.text import info_text

    say((info_text(found, one) for one in langs), nl=False)


@app.command(short_help="Write all runs to one Parquet or CSV file.")
def export(
    folder: Folder,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="The file; by default the store's name, in the current folder.",
        ),
    ] = None,
    format: Annotated[
        str | None, typer.Option(metavar="parquet|csv", help="Format; by default as the file's name ends.")
    ] = None,
) -> None:
    """Write all runs to one file, in order of id: the same runs give the same bytes, however they came about."""
    from experiments import store
    from experiments.wording import number

    out, format = _file_and_format(folder, out, format)
    with store.Store.open(folder) as opened:
        n = store.export(opened, out, format)
    typer.echo(f"{out}  ({number(n, 'run')})", err=True)


@app.command(short_help="Check every byte and row of a store; exit with 1 if anything is wrong.")
def verify(folder: Folder, lang: Lang = None, as_json: Json = False) -> None:
    """Check every byte and every row of a store. Nothing is changed; exit code 1 if anything is wrong."""
    from experiments import store

    langs = langs_of(lang)
    problems = store.verify(folder)
    if as_json:
        _print_json({"store": str(folder), "problems": problems})
    else:
        from experiments.store.text import verify_text

        say((verify_text(str(folder), problems, one) for one in langs), nl=False)
    if problems:
        raise typer.Exit(INTERNAL)


@app.command(short_help="Bring the runs of several stores of one study into one.")
def merge(
    out: Annotated[
        Path,
        typer.Argument(
            metavar="OUT", help="The store to merge into; made if it is not there.", show_default=False
        ),
    ],
    inputs: Annotated[
        list[Path], typer.Argument(metavar="IN...", help="Stores of the same study.", show_default=False)
    ],
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    """Bring the runs of several stores of one study into one, such as the parts of a job array; they stay as they are."""
    from experiments import store

    langs = langs_of(lang)
    store.merge(out, inputs).close()
    merged = store.listed(out)
    if as_json:
        _print_json(merged._asdict() | {"path": str(merged.path)})
        return
    from experiments.store.text import list_text

    say((list_text([merged], one) for one in langs), nl=False)


@app.command(short_help="Pack a store into one file that can be unpacked and reproduced elsewhere.")
def pack(
    folder: Folder,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="The .zip; by default the store's name, in the current folder.",
        ),
    ] = None,
) -> None:
    """Pack a store into one .zip with the SHA-256 of every file in it; the same store gives the same bytes."""
    from experiments import store
    from experiments.store.text import size

    out = out or Path(f"{folder.absolute().name}.zip")
    if out.suffix.lower() != ".zip":
        raise Refused(f"{out}: a name that ends in .zip expected")
    with store.Store.open(folder) as opened:
        n = store.pack(opened, out)
    typer.echo(f"{out}  ({size(n)})", err=True)


@app.command(short_help="Unpack a packed store; every file is checked first.")
def unpack(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="What `anju store pack` wrote.", show_default=False)
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FOLDER",
            help="The store's folder; by default results/ and the file's name.",
        ),
    ] = None,
) -> None:
    """Unpack a packed store. Every file's SHA-256 is checked; the folder is there whole or not at all."""
    from experiments import store

    folder = out or Path("results") / file.stem
    store.unpack(file, folder).close()
    typer.echo(str(folder), err=True)


def _file_and_format(folder: Path, out: Path | None, format: str | None) -> tuple[Path, str]:
    """Where to export to and how; a name and a format that contradict each other are refused."""
    if format is not None and format not in FORMATS:
        raise Refused(f"--format {format}: {' or '.join(FORMATS)} expected")
    if out is None:
        return Path(f"{folder.absolute().name}.{format or FORMATS[0]}"), format or FORMATS[0]
    ending = out.suffix.lower().lstrip(".")
    if ending not in FORMATS or format not in (None, ending):
        raise Refused(f"{out}: a name that ends in .{' or .'.join([format] if format else FORMATS)} expected")
    return out, ending


def _print_json(content: object) -> None:
    typer.echo(json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True))
