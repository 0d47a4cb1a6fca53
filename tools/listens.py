"""Where the web process listens, as the environment or the .env file says, in a line for a shell."""

from shlex import quote

from project.start import start

if __name__ == "__main__":
    start()
    from django.conf import settings

    host = f"[{settings.HOST}]" if ":" in settings.HOST else settings.HOST
    print(f"export HOST={quote(host)} PORT={settings.PORT}")
