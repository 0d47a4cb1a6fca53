"""The platforms that one can connect, as pages show them."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from scheduler_ui.platforms import registry
from scheduler_ui.platforms.base import ConnectField, Platform


@dataclass(frozen=True)
class Network:
    """A platform's face. Templates would call the class itself, for it can be called."""

    slug: str
    name: str
    description: str = ""
    fields: tuple[ConnectField, ...] = ()
    is_read_back: bool = False  # whether it has anything to say about an account
    has_settings_page: bool = False

    @property
    def has_secret(self) -> bool:
        return any(field.type == "password" for field in self.fields)


def known() -> list[Network]:
    return [_network(platform) for platform in registry.PLATFORMS.values()]


def find(slug: str) -> Network | None:
    platform = registry.PLATFORMS.get(slug)
    return _network(platform) if platform else None


def _network(platform: type[Platform]) -> Network:
    return Network(
        slug=platform.slug,
        name=platform.name,
        description=_(platform.description) if platform.description else "",
        fields=platform.connect_fields,
        is_read_back=platform.profile is not Platform.profile,
        has_settings_page=platform.has_settings_page,
    )
