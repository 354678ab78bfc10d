"""Program text in messages, coloured by Pygments."""

from functools import lru_cache

from ecochat.client.lines import Fragments

LONGEST = 10_000
"""Characters of program text that are coloured; some lexers take very long for more."""

LEXERS = {
    name: lexer
    for lexer, names in {
        "bash": "bash sh shell console zsh",
        "c": "c h",
        "cpp": "cpp c++ cc hpp",
        "css": "css",
        "diff": "diff patch",
        "go": "go golang",
        "html": "html",
        "ini": "ini cfg conf",
        "java": "java",
        "javascript": "javascript js",
        "json": "json",
        "lua": "lua",
        "php": "php",
        "python": "python py python3",
        "ruby": "ruby rb",
        "rust": "rust rs",
        "sql": "sql",
        "toml": "toml",
        "typescript": "typescript ts",
        "xml": "xml svg",
        "yaml": "yaml yml",
    }.items()
    for name in names.split()
}
"""The languages known, by what people call them. No others: a message must not make the
client load any of hundreds of lexers."""


@lru_cache(64)
def coloured(text: str, language: str) -> Fragments:
    """Return program text with its styles, ``class:code.keyword`` and so on; those of a
    language that is not known have one style.

    :param text: is safe to show.
    """
    name = LEXERS.get(language.lower())
    if name is None or len(text) > LONGEST:
        return [("class:code", text)]
    # Only when there is code, since it takes 30 ms.
    from pygments.lexers import get_lexer_by_name

    lexer = get_lexer_by_name(name, stripnl=False, ensurenl=False)
    return [
        (f"class:code.{str(kind)[len('Token.') :].lower()}", part)
        for kind, part in lexer.get_tokens(text)
    ]
