namespace QwenSharp.Corpus.Skills.Tools;

/// <summary>A tool of some kind under one of its names: its schema, and requests for it with the calls that they need.</summary>
internal sealed class OfferedTool
{
    private readonly (NamedSlot Slot, string Name)[] _parameters;

    public OfferedTool(ToolKind kind, Draw draw)
    {
        Kind = kind;
        HashSet<string> names = [];
        _parameters = [.. kind.Slots.Where(slot => slot.IsRequired || draw.Chance(60)).Select(slot => (slot, Distinct(draw, slot, names)))];
        string name = $"{draw.Of(kind.Verbs)}_{draw.Of(kind.Nouns)}";
        Schema = new Tool(
            draw.Chance(70) ? name : CamelCase(name),
            Grammar.Expand(kind.About, draw),
            [
                .. _parameters.Select(parameter => new ToolParameter(
                    parameter.Name,
                    parameter.Slot.Kind.Type,
                    parameter.Slot.Kind.Values,
                    parameter.Slot.IsRequired)),
            ]);
    }

    public ToolKind Kind { get; }

    public Tool Schema { get; }

    /// <summary>Name and parameters: what decides whether the tool is held out.</summary>
    public string Signature => $"{Schema.Name}({string.Join(", ", _parameters.Select(parameter => parameter.Name))})";

    /// <summary>A request that gives all that the tool requires and nothing that it does not take.</summary>
    /// <param name="draw">Makes the choices.</param>
    /// <param name="pattern">The pattern of the request; null for one of the kind's.</param>
    /// <exception cref="FormatException">No request of the kind fits its parameters.</exception>
    public ToolRequest Ask(Draw draw, string? pattern = null)
    {
        for (int attempt = 0; attempt < 1000; attempt++)
        {
            Dictionary<string, SlotValue> values = [];
            string text = Grammar.Expand(pattern ?? draw.Of(Kind.Asks), draw, slot =>
            {
                if (!values.TryGetValue(slot, out SlotValue value))
                    values[slot] = value = Kind.Slots.First(candidate => candidate.Slot == slot).Kind.Draw(draw);

                return value.Said;
            });
            if (
                values.Keys.All(slot => _parameters.Any(parameter => parameter.Slot.Slot == slot))
                && _parameters.All(parameter => !parameter.Slot.IsRequired || values.ContainsKey(parameter.Slot.Slot)))
            {
                return new ToolRequest(this, text, values);
            }
        }

        throw new FormatException($"No request for {Signature}, a {Kind.Id}, gives what it requires and nothing else.");
    }

    /// <summary>The call that gives these values.</summary>
    public ToolCall Call(IReadOnlyDictionary<string, SlotValue> values) =>
        new(
            Schema.Name,
            SpacedJson.Object(
                _parameters
                    .Where(parameter => values.ContainsKey(parameter.Slot.Slot))
                    .Select(parameter => (parameter.Name, values[parameter.Slot.Slot].Json))));

    private static string CamelCase(string name)
    {
        string[] words = name.Split('_');
        return words[0] + string.Concat(words.Skip(1).Select(Invented.Capital));
    }

    private static string Distinct(Draw draw, NamedSlot slot, HashSet<string> taken)
    {
        string[] free = [.. slot.Names.Where(name => !taken.Contains(name))];
        string name = draw.Of(free.Length > 0 ? free : [slot.Slot + "_value"]);
        taken.Add(name);
        return name;
    }
}

/// <summary>A request for a tool, and what the tool answers.</summary>
internal sealed record ToolRequest(OfferedTool Tool, string Text, IReadOnlyDictionary<string, SlotValue> Values)
{
    public ToolCall Call => Tool.Call(Values);

    /// <summary>A result, a sentence that reports it, and the words of the result that the sentence must have.</summary>
    public (string Json, string Said, IReadOnlyList<string> Words) Result(Draw draw)
    {
        if (draw.Chance(6))
        {
            string error = draw.Of(["not found", "no permission", "service is offline", "timeout", "not allowed", "no connection"]);
            return (SpacedJson.Object([("error", SpacedJson.Text(error))]), $"That did not work: {error}.", [error]);
        }

        Dictionary<string, SlotValue> results = Tool.Kind.Results.ToDictionary(result => result.Name, result => result.Kind.Draw(draw));
        List<string> words = [];
        string said = Grammar.Expand(draw.Of(Tool.Kind.Says), draw, slot =>
        {
            if (!results.TryGetValue(slot, out SlotValue value))
                return Values[slot].Said;

            words.Add(value.Said);
            return value.Said;
        });
        return (
            SpacedJson.Object(Tool.Kind.Results.Select(result => (result.Name.TrimEnd('_'), results[result.Name].Json))),
            Invented.Capital(said),
            words);
    }
}
