class A {
    void a() {
        cmd.put("crm.deal.update_" + id, "crm.lead.get?ID=" + id);
        String clientId = "app.5f3e1c2a4b6d78.12345678";
        List<String> permissions = List.of("crm.deal.add", "user.get");
        messages.getMessage("crm.deal.title");
        log.info("crm.quote.get");
    }
}
