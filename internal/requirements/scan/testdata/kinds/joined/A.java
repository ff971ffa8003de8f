class A {
    private static final String PREFIX = "crm.lead.";

    void load(Client client) {
        client.call(PREFIX + "add", null);
        String entity = "crm.deal";
        client.call(entity + ".list", null);
    }
}
