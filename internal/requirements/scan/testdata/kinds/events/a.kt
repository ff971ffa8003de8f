val events = listOf("oncrmdealadd", "onTaskAdd", "OnUserAdd")
