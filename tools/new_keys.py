"""Print new keys as lines for the environment: where several machines share a database, all need the same."""

import secrets

from project.environment import new_fernet_key

if __name__ == "__main__":
    print(f"SECRET_KEY={secrets.token_urlsafe(50)}")
    print(f"TOKEN_KEYS={new_fernet_key()}")
    print(f"QUEUE_KEYS={secrets.token_hex(32)}")
