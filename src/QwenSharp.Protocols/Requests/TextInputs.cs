namespace QwenSharp.Protocols.Requests;

/// <summary>Texts of a request, or their token ids: one, or a list of several.</summary>
internal static class TextInputs
{
    /// <summary>A string, a list of strings, one list of token ids, or a list that holds either.</summary>
    /// <param name="value">The field.</param>
    /// <param name="most">How many there may be.</param>
    public static List<CompletionPrompt> Read(RequestValue value, int most)
    {
        if (value.IsString)
            return [new CompletionPrompt { Text = value.String() }];

        List<RequestValue> items = [.. value.Items()];
        if (items.Count == 0)
            throw value.Invalid("must hold at least one text.");

        if (items[0].IsInteger)
            return [new CompletionPrompt { Tokens = ReadTokens(items) }];

        return items.Count <= most
            ? [.. items.Select(item => item.IsString
                ? new CompletionPrompt { Text = item.String() }
                : new CompletionPrompt { Tokens = ReadTokens(item.Items()) })]
            : throw value.Invalid($"may hold at most {most} texts, not {items.Count}.");
    }

    /// <summary>Token ids.</summary>
    public static int[] ReadTokens(IEnumerable<RequestValue> items) => [.. items.Select(item => (int)item.Integer(0, int.MaxValue))];
}
