"""Draws the text of a terminal, colors included, as SVG. It reads the text from its input: draw-terminal.py light|dark"""
import io
import sys

from rich.cells import cell_len
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

BLACK, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN = (
    (101, 109, 118), (207, 34, 46), (26, 127, 55), (154, 103, 0), (9, 105, 218), (130, 80, 223), (27, 124, 131))
LIGHT = [BLACK, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, (31, 35, 40)]
DARK = [(139, 148, 158), (255, 123, 114), (86, 211, 100), (227, 179, 65), (121, 192, 255), (210, 168, 255), (86, 212, 221), (240, 246, 252)]
THEMES = {
    "light": TerminalTheme((246, 248, 250), (31, 35, 40), LIGHT, LIGHT),
    "dark": TerminalTheme((22, 27, 34), (240, 246, 252), DARK, DARK),
}

# Rich's own format loads a font from the web, which a page that shows the SVG as a picture does not.
FORMAT = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="A failed cdk deploy in a terminal">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace; font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-family: sans-serif; font-size: 18px; }}
{styles}
</style>
<defs>{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""

text = Text.from_ansi(sys.stdin.read().rstrip())
width = max(cell_len(line) for line in text.plain.split("\n")) + 1
console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True, color_system="truecolor")
console.print(text, soft_wrap=True)
sys.stdout.write(console.export_svg(title="cdk deploy", theme=THEMES[sys.argv[1]], code_format=FORMAT, unique_id="terminal"))
