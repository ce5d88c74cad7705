"""Lists: which parameters a revision takes, how they filter and sort, and pages of what is left."""

from . import lists
from .filters import Listing
from .pages import Pages, page
from .parser import Parser, uuid_text
from .point_search import PointSearch

__all__ = ["Listing", "Pages", "Parser", "PointSearch", "lists", "page", "uuid_text"]
