class A
{
    private const string Prefix = "crm.lead.";

    void Load(string verb)
    {
        Call(Prefix + "add");
        var entity = "crm.deal";
        Call($"{entity}.list");
    }
}
