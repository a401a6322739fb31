using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using QwenSharp.Cli.Options;
using QwenSharp.Cli.Terminals;
using QwenSharp.Server.State;
using Spectre.Console;

namespace QwenSharp.Cli.Commands;

/// <summary><c>qwensharp keys</c>: the keys of a server's clients.</summary>
internal static class KeysCommand
{
    private const string CreateExamples = """
        qwensharp keys create ann                                              # everything but changing models
        qwensharp keys create ci --models 'qwen3-*' --endpoints chat --days 30
        qwensharp keys create app --requests-per-minute 60 --tokens-per-minute 100000 --concurrent 4
        qwensharp keys create nightly --priority low                           # behind the others, as batches are

        The key is printed once, and a hash of it is kept. From the first key on the server lets nobody in without one.
        """;

    private const string ListExamples = """
        qwensharp keys list
        qwensharp keys list --usage    # requests and tokens by key, day and model
        """;

    private const string RevokeExamples = """
        qwensharp keys revoke qs_4k2m9x0a7bcd    # a running server lets it in no more within a second or two
        """;

    private const string Examples = """
        qwensharp keys create ann
        qwensharp keys list
        qwensharp keys revoke qs_4k2m9x0a7bcd

        They are where the server's state is: give --state, or QWENSHARP_STATE, as the server gets it.
        """;

    // The first is for who names none.
    private static readonly OrderedDictionary<string, KeyPriority> Priorities = new()
    {
        ["normal"] = KeyPriority.Normal,
        ["high"] = KeyPriority.High,
        ["low"] = KeyPriority.Low,
    };

    public static Command Create(Terminal terminal) =>
        new DocumentedCommand("keys", "Makes, lists and revokes the API keys of a server's clients.", Examples)
        {
            CreateOne(terminal),
            List(terminal),
            Revoke(terminal),
        };

    private static DocumentedCommand CreateOne(Terminal terminal)
    {
        Argument<string> name = new("NAME") { Description = "What the key's holder is called." };
        name.Validators.Add(result =>
        {
            if (string.IsNullOrWhiteSpace(result.Tokens[0].Value))
                result.AddError("NAME may not be empty.");
        });
        Option<string[]> models = new("--models")
        {
            Description = "A model that it is for, * standing for any characters; repeat for several. Without it all.",
            HelpName = "GLOB",
        };
        Values.Check(models, all => !all!.Contains(""), "may not be empty");
        Option<string[]> endpoints = new("--endpoints")
        {
            Description =
                $"What it is for: {string.Join(", ", ApiKeyTerms.AllScopes)}; repeat for several. Without it all but {Scopes.Admin}, which "
                    + "is changing which models there are.",
            HelpName = "SCOPE",
        };
        Values.OneOf(endpoints, [.. ApiKeyTerms.AllScopes]);
        Option<int?> days = Values.Optional("--days", 1, 36500, "Days until it expires; without it never.");
        Option<int?> requests = Values.Optional("--requests-per-minute", 1, int.MaxValue, "Requests a minute.");
        Option<int?> tokens = Values.Optional("--tokens-per-minute", 1, int.MaxValue, "Tokens a minute, of prompts and answers.");
        Option<int?> concurrent = Values.Optional("--concurrent", 1, int.MaxValue, "Requests at the same time.");
        Option<string> priority = Values.Choice(
            "--priority",
            "How early its requests are served: while all wait, high has four turns for two of normal and one of low.",
            [.. Priorities.Keys]);
        Option<bool> json = Values.Json("One JSON object: id, key and what it may do.");
        StatePlace state = new();
        DocumentedCommand command = new("create", "Makes a key and prints it, once.", CreateExamples)
        {
            name,
            models,
            endpoints,
            days,
            requests,
            tokens,
            concurrent,
            priority,
            json,
        };
        state.AddTo(command);
        command.SetAction(async (parsed, stop) =>
        {
            ApiKeyTerms terms = new(parsed.GetValue(name)!)
            {
                Models = parsed.GetValue(models) ?? [],
                Endpoints = parsed.GetValue(endpoints) ?? [],
                Expires = parsed.GetValue(days) is { } left ? DateTimeOffset.UtcNow.AddDays(left) : null,
                RequestsPerMinute = parsed.GetValue(requests),
                TokensPerMinute = parsed.GetValue(tokens),
                Concurrent = parsed.GetValue(concurrent),
                Priority = Priorities[parsed.GetValue(priority)!],
            };
            await using ApiKeyStore keys = ApiKeyStore.At(state.Read(parsed));
            (ApiKey key, string text) = await keys.CreateAsync(terms, stop).ConfigureAwait(false);
            if (parsed.GetValue(json))
            {
                JsonObject made = Json(key);
                made["key"] = text;
                terminal.Out.WriteLine(made.ToJsonString(Output.JsonIndented));
            }
            else
            {
                terminal.Out.WriteLine(text);
                terminal.Error.WriteLine("It cannot be shown again.");
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static DocumentedCommand List(Terminal terminal)
    {
        Option<bool> usage = new("--usage") { Description = "What each has used, by day and model." };
        Option<bool> json = Values.Json("A JSON array with one object for each key, or for each key, day and model.");
        StatePlace state = new();
        DocumentedCommand command = new("list", "Lists the keys, without their secrets.", ListExamples) { usage, json };
        state.AddTo(command);
        command.SetAction(async (parsed, stop) =>
        {
            await using ApiKeyStore keys = ApiKeyStore.At(state.Read(parsed));
            IReadOnlyList<ApiKey> all = await keys.ListAsync(stop).ConfigureAwait(false);
            IReadOnlyList<KeyUsage> used = parsed.GetValue(usage) ? await keys.UsageAsync(stop).ConfigureAwait(false) : [];
            if (parsed.GetValue(json))
            {
                JsonArray rows =
                [
                    .. parsed.GetValue(usage) ? used.Select(row => (JsonNode)Json(row)) : all.Select(key => (JsonNode)Json(key)),
                ];
                terminal.Out.WriteLine(rows.ToJsonString(Output.JsonIndented));
            }
            else if (all.Count == 0)
            {
                terminal.Out.WriteLine("No keys yet. 'qwensharp keys create NAME' makes one.");
            }
            else
            {
                Write(terminal, parsed.GetValue(usage) ? Usage(used, all) : Keys(all));
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static DocumentedCommand Revoke(Terminal terminal)
    {
        Argument<string> id = new("ID") { Description = "The key's id, as 'qwensharp keys list' prints it: never the whole key." };
        StatePlace state = new();
        DocumentedCommand command = new("revoke", "Ends a key, for good.", RevokeExamples) { id };
        state.AddTo(command);
        command.SetAction(async (parsed, stop) =>
        {
            await using ApiKeyStore keys = ApiKeyStore.At(state.Read(parsed));
            string named = parsed.GetValue(id)!;
            if (!await keys.RevokeAsync(named, stop).ConfigureAwait(false))
            {
                terminal.Fail("There is no such key that is not revoked already. 'qwensharp keys list' prints the ids.");
                return ExitCode.Failure;
            }

            terminal.Out.WriteLine($"Revoked {named}.");
            return ExitCode.Ok;
        });
        return command;
    }

    private static Table Keys(IReadOnlyList<ApiKey> keys)
    {
        Table table = new Table().Border(TableBorder.None).AddColumns(
            "ID", "NAME", "MODELS", "ENDPOINTS", "PRIORITY", "LIMITS", "CREATED", "STATUS");
        foreach (ApiKey key in keys)
        {
            ApiKeyTerms terms = key.Terms;
            string?[] limits =
            [
                terms.RequestsPerMinute is { } requests ? $"{requests} requests/min" : null,
                terms.TokensPerMinute is { } tokens ? $"{tokens} tokens/min" : null,
                terms.Concurrent is { } concurrent ? $"{concurrent} at once" : null,
            ];
            table.AddRow(
                key.Id,
                Markup.Escape(terms.Name),
                Markup.Escape(terms.Models.Count == 0 ? "all" : string.Join(", ", terms.Models)),
                terms.Endpoints.Count == 0 ? $"all but {Scopes.Admin}" : string.Join(", ", terms.Endpoints),
                WordOf(terms.Priority),
                limits.All(limit => limit is null) ? "none" : string.Join(", ", limits.OfType<string>()),
                Day(key.Created),
                key.Revoked is { } revoked ? $"revoked {Day(revoked)}"
                    : terms.Expires is not { } expires ? "valid"
                    : expires <= DateTimeOffset.UtcNow ? $"expired {Day(expires)}"
                    : $"until {Day(expires)}");
        }

        return table;
    }

    private static Table Usage(IReadOnlyList<KeyUsage> used, IReadOnlyList<ApiKey> keys)
    {
        Table table = new Table()
            .Border(TableBorder.None).AddColumns("ID", "NAME", "DAY", "MODEL", "REQUESTS", "PROMPT", "CACHED", "ANSWERS");
        foreach (KeyUsage row in used)
        {
            table.AddRow(
                row.KeyId,
                Markup.Escape(keys.FirstOrDefault(key => key.Id == row.KeyId)?.Terms.Name ?? ""),
                row.Day.ToString("O", CultureInfo.InvariantCulture),
                Markup.Escape(row.Model),
                Number(row.Requests),
                Number(row.PromptTokens),
                Number(row.CachedTokens),
                Number(row.CompletionTokens));
        }

        return table;
    }

    // A row that is cut could not be copied: outside a terminal rows are as long as they are.
    private static void Write(Terminal terminal, Table table)
    {
        IAnsiConsole console = terminal.Rich();
        if (!terminal.OutputIsTerminal)
            console.Profile.Width = 4096;

        console.Write(table);
    }

    private static JsonObject Json(ApiKey key) => new()
    {
        ["id"] = key.Id,
        ["name"] = key.Terms.Name,
        ["models"] = new JsonArray([.. key.Terms.Models.Select(model => (JsonNode)model)]),
        ["endpoints"] = new JsonArray([.. key.Terms.Endpoints.Select(scope => (JsonNode)scope)]),
        ["created"] = key.Created.ToString("O", CultureInfo.InvariantCulture),
        ["expires"] = key.Terms.Expires?.ToString("O", CultureInfo.InvariantCulture),
        ["revoked"] = key.Revoked?.ToString("O", CultureInfo.InvariantCulture),
        ["requests_per_minute"] = key.Terms.RequestsPerMinute,
        ["tokens_per_minute"] = key.Terms.TokensPerMinute,
        ["concurrent"] = key.Terms.Concurrent,
        ["priority"] = WordOf(key.Terms.Priority),
    };

    private static JsonObject Json(KeyUsage row) => new()
    {
        ["id"] = row.KeyId,
        ["day"] = row.Day.ToString("O", CultureInfo.InvariantCulture),
        ["model"] = row.Model,
        ["requests"] = row.Requests,
        ["prompt_tokens"] = row.PromptTokens,
        ["cached_tokens"] = row.CachedTokens,
        ["completion_tokens"] = row.CompletionTokens,
    };

    private static string WordOf(KeyPriority priority) => Priorities.First(word => word.Value == priority).Key;

    private static string Day(DateTimeOffset time) => time.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Number(long count) => count.ToString(CultureInfo.InvariantCulture);
}
