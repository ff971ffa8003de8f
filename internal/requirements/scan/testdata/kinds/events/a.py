if event.lower() == 'oncrmdealadd':
    pass
EVENTS = ["onTaskAdd", "OnUserAdd"]
