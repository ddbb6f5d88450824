"""Properties are judged by what they find, not by how fast this machine happens to be."""

from hypothesis import settings

settings.register_profile("lifeboat", deadline=None, print_blob=True)
settings.load_profile("lifeboat")
