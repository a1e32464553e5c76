def late() -> str:
    return "late"
