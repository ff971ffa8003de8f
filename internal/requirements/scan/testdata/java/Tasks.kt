class Tasks(private val client: Client) {
    /* client.call("crm.quote.list") */
    suspend fun all() = client.call<List<Task>>("tasks.task.list", mapOf("select" to listOf("ID")))
    suspend fun one(id: Int) = http.get("$webhook/tasks.task.get.json?taskId=${map["id"]}")
    fun kinds(kind: String) = client.call("crm.$kind.list")
    val raw = """{"cmd": {"a": "tasks.task.update?taskId=1"}}"""
}
