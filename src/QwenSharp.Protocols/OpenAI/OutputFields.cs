using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>
/// What the answer must be: <c>response_format</c>, and the fields by which vLLM (<c>guided_…</c>, <c>structured_outputs</c>) and
/// llama-server (<c>grammar</c>, <c>json_schema</c>) ask for the same and more. At most one of them.
/// </summary>
internal sealed class OutputFields
{
    private readonly ChatOptions _options;
    private string? _first;

    private OutputFields(ChatOptions options) => _options = options;

    /// <summary>Reads them into options.</summary>
    public static void Read(RequestFields fields, ChatOptions options)
    {
        OutputFields read = new(options);
        if (fields.Take("response_format") is { } format && ResponseFormats.Read(format) is { } asked)
            read.Set(format, asked);

        read.ReadMembers(fields, "guided_");
        if (fields.Take("json_schema") is { } schema)
            read.Set(schema, ResponseFormats.Of(schema));

        // llama-server's own page sends an empty grammar for none.
        if (fields.Take("grammar") is { } grammar && grammar.String().Length > 0)
            read.Set(grammar, new OutputGrammar.Gbnf(grammar.String()));

        if (fields.Take("structured_outputs") is { } outputs)
        {
            RequestFields members = outputs.Fields();
            read.ReadMembers(members, "");
            if (members.Take("json_object") is { } json && json.Boolean())
                read.Set(json, ChatResponseFormat.Json);

            members.RefuseRest();
            if (read._first is null)
                throw outputs.Invalid("must hold json, regex, choice, grammar or json_object.");
        }
    }

    private void ReadMembers(RequestFields fields, string prefix)
    {
        if (fields.Take(prefix + "json") is { } schema)
            Set(schema, ResponseFormats.Of(schema));

        if (fields.Take(prefix + "regex") is { } regex)
            Set(regex, new OutputGrammar.Regex(regex.String()));

        if (fields.Take(prefix + "choice") is { } choice)
            Set(choice, new OutputGrammar.Choice(ReadTexts(choice)));

        if (fields.Take(prefix + "grammar") is { } grammar)
            Set(grammar, new OutputGrammar.Gbnf(grammar.String()));
    }

    private static List<string> ReadTexts(RequestValue choice)
    {
        List<string> texts = [.. choice.Items().Select(item => item.String())];
        return texts.Count > 0 ? texts : throw choice.Invalid("must hold at least one text.");
    }

    private void Set(RequestValue asked, ChatResponseFormat format)
    {
        RequireFirst(asked);
        _options.ResponseFormat = format;
    }

    private void Set(RequestValue asked, OutputGrammar grammar)
    {
        RequireFirst(asked);
        _options.AdditionalProperties![ChatOptionKeys.Grammar] = grammar;
    }

    private void RequireFirst(RequestValue asked)
    {
        if (_first is { } other)
        {
            throw asked.Conflict(
                $"{new OptionName(asked.Path)} and {new OptionName(other)} both say what the answer must be. Give one of them.");
        }

        _first = asked.Path;
        _options.AdditionalProperties![ChatOptionKeys.AnswerOption] = asked.Path;
    }
}
