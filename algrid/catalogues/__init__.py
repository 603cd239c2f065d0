"""Catalogues: files that say which datasets there are, where they come from, and what is expected of them."""

from algrid.catalogues.catalogue import Catalogue, catalogue_file, catalogues, entry_named, shipped
from algrid.catalogues.entry import Entry

__all__ = ["Catalogue", "Entry", "catalogue_file", "catalogues", "entry_named", "shipped"]
