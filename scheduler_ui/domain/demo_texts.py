"""What the people of the demo's coffee roastery have written, in days from today or seconds from now.

Accounts go by their letters in `demo.ACCOUNTS`; of today's posts each says what became of it there.
"""

from datetime import time

from scheduler_ui.models import Status

PAST = (
    (-20, time(9, 0), "We moved the cupping table to the window. Come and see the light.", "JC"),
    (-18, time(12, 30), "Espresso, filter or both? Tell us what the new house blend should be.", "C"),
    (-17, time(17, 0), "Tasting notes from last night: red apple, brown sugar, one broken spoon.", "NC"),
    (-15, time(8, 45), "A morning with the baker who makes our cardamom buns.", "J"),
    (-14, time(18, 30), "The long table is free on Thursdays. Bring your book club.", "E"),
    (-13, time(9, 0), "New on the shelf: a hand grinder that survives backpacks.", "CNJ"),
    (-11, time(10, 15), "Latte art, played backwards.", "R"),
    (-10, time(16, 0), "Why our decaf tastes of something.", "NC"),
    (-8, time(9, 0), "Eleven years in this street today. Coffee is on us until ten.", "JCN"),
    (
        -7,
        time(9, 0),
        "Winter roast is back on Friday. Forty bags, whole bean or ground, first come first served.",
        "CJ",
    ),
    (
        -6,
        time(12, 30),
        "Opening hours over the holidays: we close at three on the 24th and open again on the 27th.",
        "C",
    ),
    (-5, time(17, 15), "Recipe of the week: orange cold brew. Twelve hours, no sugar, one long spoon.", "NCJ"),
    (-4, time(8, 45), "The story behind our blue door, told by the man who painted it.", "JC"),
    (-3, time(10, 0), "Grinder maintenance, step by step. Your burrs will thank you.", "CN"),
    (-2, time(18, 45), "Thank you for 1,000 reviews. We read every one of them.", "EC"),
    (-1, time(9, 0), "New beans from Huila have just landed: red plum, panela, a long finish.", "CNJ"),
    (-1, time(16, 30), "How we cut cup waste by 40 % in one year, with the numbers.", "JC"),
)
TODAY: tuple[tuple[time, str, dict[str, Status]], ...] = (
    (
        time(7, 30),
        "Good morning from the roastery. The first batch is out of the drum.",
        {"C": Status.PUBLISHED, "J": Status.PUBLISHED},
    ),
    (time(8, 0), "We are hiring a shift lead: two mornings a week, behind the bar.", {"N": Status.MISSED}),
    (time(8, 15), "Ask us anything about roasting, Thursday at five.", {"B": Status.FAILED}),
    (
        time(8, 30),
        "Free cupping class on Saturday, ten places left. Bring your own spoon if you are particular about spoons.",
        {"E": Status.UNCONFIRMED, "R": Status.PROCESSING, "C": Status.PUBLISHED},
    ),
    (time(8, 50), "Behind the scenes of the winter label.", {"C": Status.RETRYING}),
    (time(15, 45), "Gift cards are now in the shop.", {"C": Status.CANCELED}),
)
NEXT = (
    (20, "Twenty seconds after you started the demo: watch this one go out.", "CJ"),
    (60, "A minute in. The newsroom takes its time to answer, so this one is publishing for a while.", "N"),
    (120, "Two minutes in. The reels are processed before they are public.", "RC"),
    (180, "Three minutes in. The events page loses its answer, and Punctual looks whether it is there.", "V"),
    (300, "Five minutes in. Everything on time so far?", "CNJ"),
)
FUTURE = (
    (1, time(9, 0), "Slow Sunday playlist: forty songs, no drums.", "CN"),
    (1, time(9, 0), "A second post at the same minute: both are there.", "J"),
    (1, time(17, 0), "Last call for the winter roast.", "NC"),
    (2, time(8, 45), "What “natural process” means, in a glass of water.", "C"),
    (2, time(12, 30), "Wholesale price list for the new year.", "W"),
    (3, time(10, 0), "Our new tasting mats, printed two streets away.", "JNC"),
    (4, time(18, 30), "Christmas market: find us next to the carousel.", "EC"),
    (5, time(9, 0), "The decaf nobody believes is decaf.", "C"),
    (6, time(11, 0), "We are looking for a barista who likes early mornings.", "B"),
    (8, time(9, 0), "Five questions to ask before buying a grinder.", "NJ"),
    (10, time(16, 0), "Gift boxes: order by the 18th to have them in time.", "CJW"),
    (12, time(9, 0), "A year in cups.", "JCN"),
)
DRAFTS = ("Thank-you note for the volunteers, needs a picture", "Why we pay above the market: figures to be checked")
