"""The letters of the pages: Roboto, from this server."""

# The ranges of Fontsource's subsets.
_RANGES = {
    "latin": "U+0000-00FF, U+0131, U+0152-0153, U+02BB-02BC, U+02C6, U+02DA, U+02DC, U+2000-206F, "
    "U+20AC, U+2122, U+2191, U+2193, U+2212, U+2215, U+FEFF, U+FFFD",
    "latin-ext": "U+0100-0130, U+0132-0151, U+0154-02BA, U+02BD-02C5, U+02C7-02CC, U+02CE-02D7, "
    "U+02DD-02FF, U+1D00-1DBF, U+1E00-1E9F, U+1EF2-1EFF, U+20A0-20AB, U+20AD-20C0",
    "greek": "U+0370-03FF",
    "cyrillic": "U+0301, U+0400-045F, U+0490-0491, U+04B0-04B1, U+2116",
}
_FACES = [(subset, weight) for subset in _RANGES for weight in (400, 500, 700)]


def css() -> str:
    """A rule for each face: a browser fetches by itself only what a page's letters need."""
    return "\n".join(map(_face, _FACES))


def _face(face: tuple[str, int]) -> str:
    subset, weight = face
    return (
        f"@font-face {{ font-family: Roboto; font-weight: {weight}; font-display: swap; "
        f"src: url(/fonts/roboto-{subset}-{weight}-normal.woff2) format('woff2'); "
        f"unicode-range: {_RANGES[subset]}; }}"
    )
