"""The studio: an interface for the browser, with one page, on this machine only.

`server` opens a port at an `address` and cleans up at the end; `guard` refuses requests and connections from elsewhere.
`application` answers the page's requests about a `session`: the photos a user has added, and their colors. `photos`
colorizes them, and `views` keeps a few of them decoded and renders them for the page. `films` does the same for films,
with their frames in `film_frames` and the page's requests in `film_answers`. `archive` streams a zip of all photos,
`events` sends progress to the page, and `models` lists the models. The page itself is in `page/`: plain HTML, CSS and
JavaScript.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs={"server": ["StudioJob", "serve"]})
