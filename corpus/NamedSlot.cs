namespace QwenSharp.Corpus;

/// <summary>A slot of patterns, and the names that its value may have: a tool's parameter or a record's field.</summary>
internal sealed record NamedSlot(string Slot, bool IsRequired, IReadOnlyList<string> Names, SlotKind Kind)
{
    /// <summary>Reads <c>slot?: name|other name; kind</c>; the "?" says that it may be left out.</summary>
    public static NamedSlot Read(string slot, string value)
    {
        (string names, string kind) = DataFile.Field(value, "; ");
        return new NamedSlot(slot.TrimEnd('?'), !slot.EndsWith('?'), names.Split('|'), SlotKind.Parse(kind));
    }
}
