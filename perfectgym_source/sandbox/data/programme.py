"""What clubs offer: classes, categories, memberships, plans, products and their words."""

from __future__ import annotations

CATEGORIES: tuple[tuple[str, str], ...] = (
    ("Strength", "Free weights, circuits and functional training"),
    ("Cardio", "Work that raises the heart rate and keeps it there"),
    ("Body & Mind", "Yoga, Pilates, stretching and breathing"),
    ("Dance", "Choreographed classes to music"),
    ("Cycling", "Indoor cycling on numbered bikes"),
    ("Combat", "Boxing and martial arts, with and without contact"),
    ("Water", "Swimming and aqua aerobics"),
    ("Family", "Classes for children and their parents"),
)
"""Name and description of each class category."""

CLASS_TYPES: tuple[tuple[str, int, int, str, int], ...] = (
    ("Power Pump", 0, 60, "#C0392B", 24),
    ("HIIT 45", 1, 45, "#E67E22", 20),
    ("Vinyasa Yoga", 2, 75, "#27AE60", 18),
    ("Zumba", 3, 60, "#8E44AD", 30),
    ("Indoor Cycling", 4, 45, "#2980B9", 16),
    ("Boxing Basics", 5, 60, "#7F8C8D", 14),
    ("Aqua Aerobics", 6, 45, "#16A085", 20),
    ("Mini Movers", 7, 30, "#F1C40F", 12),
    ("Pilates Mat", 2, 60, "#2ECC71", 16),
    ("TRX Circuit", 0, 45, "#D35400", 12),
    ("Body Attack", 1, 60, "#E74C3C", 28),
    ("Salsa Solo", 3, 60, "#9B59B6", 24),
    ("Night Ride", 4, 60, "#34495E", 16),
    ("Muay Thai", 5, 90, "#95A5A6", 16),
    ("Kettlebell", 0, 45, "#A93226", 14),
    ("Tabata", 1, 30, "#CA6F1E", 20),
    ("Yin Yoga", 2, 90, "#229954", 16),
    ("Hip-Hop", 3, 60, "#7D3C98", 22),
    ("Sprint Cycling", 4, 30, "#2471A3", 16),
    ("Krav Maga", 5, 75, "#707B7C", 16),
    ("Swim School", 6, 45, "#138D75", 8),
    ("Teen Fit", 7, 60, "#D4AC0D", 16),
    ("Core & Stretch", 2, 30, "#1E8449", 20),
    ("Step", 1, 60, "#BA4A00", 22),
)
"""Name, category index, minutes, color and places of each class type."""

POLISH_TITLES: dict[str, str] = {
    "Power Pump": "Sztanga",
    "Vinyasa Yoga": "Joga Vinyasa",
    "Indoor Cycling": "Rowery",
    "Boxing Basics": "Podstawy boksu",
    "Aqua Aerobics": "Aqua aerobik",
    "Mini Movers": "Mali odkrywcy",
}
"""Translated titles of some class types."""

ZONES: tuple[tuple[str, str], ...] = (
    ("Studio 1", "Group exercise"),
    ("Studio 2", "Group exercise"),
    ("Cycling room", "Cycling"),
    ("Gym floor", "Gym"),
    ("Pool", "Water"),
    ("Sauna", "Wellness"),
)
"""Zones of a club and the name of their zone type."""

ZONE_TYPES: tuple[tuple[str, str, str], ...] = (
    ("Group exercise", "Studios with a timetable", "2"),
    ("Cycling", "Rooms with numbered bikes", "1"),
    ("Gym", "Machines and free weights", ""),
    ("Water", "Pools", "1"),
    ("Wellness", "Saunas and steam rooms", "1"),
)
"""Name, description and daily limit of each zone type."""

MEMBERSHIPS: tuple[str, ...] = (
    "Open All Clubs",
    "Home Club",
    "Off-Peak",
    "Student",
    "Corporate",
    "Trial Week",
    "Wellness",
    "Family",
)
"""Names of memberships."""

PLANS: tuple[tuple[str, int, bool, int, str, str], ...] = (
    ("Open 12 Months", 0, False, 14990, "1 Month", "12 Months"),
    ("Open Month to Month", 0, False, 18990, "1 Month", "1 Month"),
    ("Home 12 Months", 1, False, 10950, "1 Month", "12 Months"),
    ("Home Month to Month", 1, False, 12995, "1 Month", "1 Month"),
    ("Off-Peak 6 Months", 2, False, 7999, "1 Month", "6 Months"),
    ("Student Semester", 3, False, 6949, "1 Month", "5 Months"),
    ("Corporate Card", 4, False, 9900, "1 Month", "12 Months"),
    ("Seven Days", 5, False, 1999, "7 Days", "7 Days"),
    ("Towel Service", 6, True, 1450, "1 Month", "1 Month"),
    ("Sauna Access", 6, True, 2990, "1 Month", "1 Month"),
    ("Family Annual", 7, False, 219900, "1 Year", "12 Months"),
    ("Locker Rental", 6, True, 995, "1 Month", "3 Months"),
)
"""Name, membership index, add-on, monthly price in cents, interval and commitment of a plan."""

DISCOUNTS: tuple[tuple[str, str, int], ...] = (
    ("10% off", "Percent", 1000),
    ("Friends: 20 less", "Amount", 2000),
    ("Fixed price", "Fixed", 6900),
    ("Company: 15% off", "Percent", 1500),
    ("Staff: free of charge", "Percent", 10000),
    ("Half price at first", "PercentForInitialMonths", 5000),
)
"""Name, kind and value, in hundredths, of the discounts of a chain."""

PRODUCTS: tuple[tuple[str, int, str, str, str], ...] = (
    ("Protein Bar 60 g", 349, "pcs.", "Product", "Nutrition"),
    ("Isotonic Drink 0.5 l", 275, "pcs.", "Product", "Nutrition"),
    ("Personal Training 60 min", 18000, "service", "Service", "Training"),
    ("Personal Training 10 Pack", 159900, "package", "Service", "Training"),
    ("Towel", 3999, "pcs.", "Product", "Accessories"),
    ("Padlock", 2450, "pcs.", "Product", "Accessories"),
    ("Massage 30 min", 9900, "service", "Service", "Wellness"),
    ("Single Entry", 4500, "entry", "Entry", "Entries"),
    ("Entry 10 Pack", 38000, "package", "Entry", "Entries"),
    ("Shaker 0.7 l", 2999, "pcs.", "Product", "Accessories"),
)
"""Name, price in cents, unit, type (club service) and category of each product."""

PRODUCT_TARGETS: tuple[str, ...] = ("Everyone", "Members", "Guests", "Employees")
"""Names of product targets."""
SERVICE_TYPES: tuple[str, ...] = ("Product", "Service", "Entry", "Rental")
"""Names of club service types."""
PRODUCT_CATEGORIES: tuple[str, ...] = (
    "Nutrition",
    "Training",
    "Accessories",
    "Wellness",
    "Entries",
)
"""Names of product categories."""

FREEZE_REASONS: tuple[str, ...] = (
    "Illness",
    "Injury",
    "Pregnancy",
    "Business trip",
    "Holiday",
    "Other",
)
"""Names of freeze reasons."""
FREEZE_TYPES: tuple[tuple[str, str, int, int, int], ...] = (
    ("Free of charge", "1 Month", 1, 3, 0),
    ("Paid freeze", "2 Weeks", 2, 8, 1990),
    ("Medical", "1 Month", 1, 9, 0),
)
"""Name, period, shortest and longest number of periods and fee in cents of a freeze type."""

LEAD_SOURCES: tuple[tuple[str, str], ...] = (
    ("Walk-in", "Came in from the street"),
    ("Website", "Filled in the form on the website"),
    ("Referral", "Sent by a member"),
    ("Instagram", "Campaigns and profile"),
    ("Open day", "Signed in at an event"),
)
"""Name and description of each lead source."""
AGREEMENTS: tuple[tuple[str, str], ...] = (
    ("Terms and conditions", "Needed for an account"),
    ("Newsletter", "News and offers by e-mail"),
    ("Text messages", "Reminders by text message"),
    ("Image", "Photographs taken in the club"),
)
"""Name and description of each agreement."""

EQUIPMENT: tuple[tuple[str, str, int], ...] = (
    ("Cardio", "Treadmill", 14),
    ("Cardio", "Rowing machine", 6),
    ("Strength", "Power rack", 4),
    ("Cycling", "Spin bike", 16),
)
"""Type, name and quantity of a club's equipment."""
FACILITIES: tuple[tuple[str, str], ...] = (
    ("Parking", "Underground parking"),
    ("Shower", "Showers"),
    ("Bar", "Protein bar"),
    ("Wi-Fi", "Free Wi-Fi"),
)
"""Type and name of a club's facilities."""
POSITIONS: tuple[str, ...] = ("Trainer", "Group Instructor", "Head Coach", "Physiotherapist")
"""Positions of employees."""
MEASURES: tuple[tuple[str, float, float], ...] = (
    ("Weight", 52.0, 110.0),
    ("Body fat", 9.0, 38.0),
    ("Waist", 62.0, 118.0),
    ("Resting heart rate", 48.0, 88.0),
)
"""Name, least and greatest value of what is measured."""
MESSAGES: tuple[tuple[str, str], ...] = (
    ("Your booking is confirmed", "See you in class. Please arrive ten minutes early."),
    ("Class cancelled", "We are sorry: today's class will not take place."),
    ("Payment received", "Thank you. You will find the receipt under Documents."),
    ("Payment overdue", "Your last payment did not reach us. Please check your account."),
    ("New opening hours", "From the first of the month we open at 6:00."),
    ("Bring a friend", "Every member may bring one guest this Saturday – free of charge."),
)
"""Title and text of messages."""
