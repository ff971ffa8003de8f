const val USERS = "user.get"
val names = listOf("department.get", "event.bind")
val bind = if (flag) "placement.bind" else null
val x = "user.update"
