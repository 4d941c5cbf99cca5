"""Pages as a browser takes them: their elements, their text, and whatever they would load."""

from html.parser import HTMLParser

LOADING = {"src", "href", "srcset", "data", "action", "poster", "background", "formaction", "xlink:href"}
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>'\""


class Elements(HTMLParser):
    """Gathers the elements of a page, its texts outside scripts, and whatever would be loaded."""

    def __init__(self, page: str) -> None:
        """Read a whole page."""
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.loaded: list[str] = []
        self.handlers: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.policy = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.tags.append(tag)
        if tag not in {"meta", "link", "img", "br", "input"}:
            self.open.append(tag)
        given = dict(attrs)
        self.loaded += [value or "" for name, value in attrs if name in LOADING]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"] or ""

    def handle_endtag(self, tag: str) -> None:
        """Every element is closed in its turn."""
        assert tag == self.open.pop()

    def handle_data(self, data: str) -> None:
        """Keep what a reader sees."""
        if not {"script", "style"} & set(self.open[-1:]):
            self.text += f"{data}\n"
