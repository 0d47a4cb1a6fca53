"""Data and constraints. The only writers of a delivery's status are move_to and move_many."""

from scheduler_ui.models.account import Account, RehearsalArrival
from scheduler_ui.models.attempt import Attempt
from scheduler_ui.models.budget import Budget
from scheduler_ui.models.delivery import Delivery, IllegalMove, Move, move_many, move_to
from scheduler_ui.models.job import JobRun
from scheduler_ui.models.media import Media
from scheduler_ui.models.notice import Notice
from scheduler_ui.models.post import Event, Post, PostMedia
from scheduler_ui.models.rows import Look, Often, Update, insert_row, update_row
from scheduler_ui.models.states import ENDED, MOVING, OUT, STARTED, WAITING, Hold, Status
from scheduler_ui.models.tabs import Tab
from scheduler_ui.models.user import User
from scheduler_ui.models.worker import Installation, Worker
from scheduler_ui.models.workspace import Invite, LateThen, Membership, Role, Workspace

__all__ = [
    "ENDED",
    "MOVING",
    "OUT",
    "STARTED",
    "WAITING",
    "Account",
    "Attempt",
    "Budget",
    "Delivery",
    "Event",
    "Hold",
    "IllegalMove",
    "Installation",
    "Invite",
    "JobRun",
    "LateThen",
    "Look",
    "Media",
    "Membership",
    "Move",
    "Notice",
    "Often",
    "Post",
    "PostMedia",
    "RehearsalArrival",
    "Role",
    "Status",
    "Tab",
    "Update",
    "User",
    "Worker",
    "Workspace",
    "insert_row",
    "move_many",
    "move_to",
    "update_row",
]
