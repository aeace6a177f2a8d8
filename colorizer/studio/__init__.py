"""The driver for a browser: one page, on this machine only.

`server` opens a port at an `address` and ends everything; `guard` lets nobody else in. `application` answers what the
page asks about a `sitting`: the photos a person has brought, in a private folder. `workshop` colours them, with a few
of them `set_photos`, and `showing` makes pictures of them for the page. `films` does the same for films, whose frames
are `film_frames`, and `film_answers` what the page asks of them; `archive` makes a zip of all while it is sent,
`events` tell the page how far things are, and `models` says which there are. The page itself is in `page/`: plain HTML,
CSS and JavaScript.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs={"server": ["StudioJob", "serve"]})
