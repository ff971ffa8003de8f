class A(private val client: Client) {
    private val entity = "crm.lead"
    fun add() = client.call("$entity.add")
    fun all() = client.call("${entity}.list")
    fun one() = client.call(entity + ".get")
}
