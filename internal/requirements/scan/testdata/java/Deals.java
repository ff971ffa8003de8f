package app.bitrix;

/** Calls crm.quote.list: {@code client.call("crm.quote.get")}. */
public class Deals {
    private static final String METHOD_LIST = "crm.deal.list";
    private static final char QUOTE = '"';
    static final List<String> NEEDED = List.of("crm.contact.get", "user.current");

    // client.call("crm.quote.add");
    public JsonNode load(int id) throws IOException {
        JsonNode deal = client.call("crm.deal.get", Map.of("id", id));
        String url = webhook + "crm.company.list.json";
        String other = String.format("%s/crm.company.get.json?ID=%d", webhook, id);
        HttpRequest request = HttpRequest.newBuilder(URI.create("https://portal.example/rest/1/key/department.get")).build();
        Map<String, Object> body = new HashMap<>();
        body.put("method", "user.get");
        body.put("title", "app.info");
        body.put("cmd", "crm.lead.get?ID=" + id);
        String json = """
            {"method": "crm.lead.list", "note": "it's crm.quote.update"}
            """;
        client.call("crm." + entity + ".list", null);
        client.call("crm.deal." + "update", null);
        logger.error("crm.quote.delete failed: {}", id);
        messages.getMessage("user.update");
        if ("ONCRMDEALADD".equals(event)) {
            client.call("tasks.task.add", null);
        }
        return client.call("event.bind", Map.of("event", "OnCrmCompanyAdd", "handler", handler));
    }
}
