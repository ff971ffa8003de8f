class A
{
    void B()
    {
        cmd[$"crm.deal.update_{id}"] = $"crm.lead.get?ID={id}";
        var clientId = "app.5f3e1c2a4b6d78.12345678";
        string[] permissions = { "crm.deal.add", "user.get" };
        var text = T("crm.deal.title");
    }
}
