"""Files of data: one format a module, told by the ending, compressed or not."""

from algrid.datasets.formats.files import ENDINGS, Arrays, format_of, read_file, stem_of

__all__ = ["ENDINGS", "Arrays", "format_of", "read_file", "stem_of"]
