"""What a report in one file carries packed, as a browser sees it once unpack.js is through."""

import base64
import re
import zlib


def unpacked(html: str) -> str:
    """The page with its scripts readable."""
    return re.sub(
        r'<script type="text/plain" data-packed( id="\w+")?>([^/]*)</script>',
        lambda found: (
            f"<script{found[1] or ''}>{zlib.decompress(base64.b85decode(found[2])).decode()}</script>"
        ),
        html,
    )
