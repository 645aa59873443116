"""The Web API methods, one module per family; importing this package fills the registry."""

from localslack.methods import apps, chat, conversations, files, users, views
from localslack.methods.registry import METHODS

__all__ = ["METHODS", "apps", "chat", "conversations", "files", "users", "views"]
