"""A search in words: whose figures these are, what was searched, and which events were selected."""

from analysis.search import Search
from analysis.stages.data_set import shifted_name

INJECTED = "simulated signal injected into data"


def title(search: Search) -> str:
    """Of a report; it says so where measured data hold simulated signal."""
    return f"{search.title} ({INJECTED})" if _is_data(search) and search.injections else search.title


def label(search: Search) -> str:
    """Whose figures these are."""
    if not _is_data(search):
        return "Mapless simulation"
    return f"Mapless, {INJECTED}" if search.injections else "Mapless"


def data_text(search: Search, max_events: int | None = None) -> str:
    """What was searched; `max_events` are read of each sample."""
    kind = "collision data" if _is_data(search) else "simulation"
    added = [
        f"{one.n_events} events" if one.n_events else f"{one.cross_section:g} fb" for one in search.injections
    ]
    pairs = zip(added, search.injections, strict=True)
    text = ", ".join(f"{amount} of {shifted_name(one.sample, one.shift)}" for amount, one in pairs)
    first, scaled = "", ""
    if max_events is not None:
        first, scaled = f", the first {max_events:,} events", ", scaled to the events that are read"
    return f"{kind} ({search.data}{first})" + (f" with {text} injected{scaled}" if text else "")


def cuts_in_words(search: Search) -> dict[str, tuple[str, ...]]:
    """The titles of the cuts of each region, as the data go through them."""
    return {
        region: tuple(cut.title for cut in search.selection(region, search.data).cuts)
        for region in search.regions
    }


def _is_data(search: Search) -> bool:
    return search.samples[search.data].role == "data"
