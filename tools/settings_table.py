"""Puts the generated table of settings into the README: python -m tools.settings_table"""

from __future__ import annotations

from pathlib import Path

from mai_core.cli.settings import markdown_table

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- settings -->\n", "\n<!-- end of settings -->"


def main() -> None:
    before, rest = README.read_text().split(BEGIN)
    after = rest.split(END)[1]
    README.write_text(f"{before}{BEGIN}{markdown_table()}{END}{after}")


if __name__ == "__main__":
    main()
