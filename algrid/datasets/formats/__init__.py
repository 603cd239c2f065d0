"""Files of data: one format a module, told by the ending, compressed or not."""

from algrid.datasets.formats.files import ENDINGS, Arrays, Format, format_of, read_file, readable, stem_of
from algrid.datasets.formats.sniffing import looks_like

__all__ = ["ENDINGS", "Arrays", "Format", "format_of", "looks_like", "read_file", "readable", "stem_of"]
