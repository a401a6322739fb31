using System.CommandLine;
using System.Text.Json.Nodes;
using QwenSharp.Cli.Doctor;
using QwenSharp.Cli.Options;
using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Commands;

/// <summary><c>qwensharp doctor</c>: what is wrong with a running server, as a client would find out.</summary>
internal static class DoctorCommand
{
    private const string Usual = "http://127.0.0.1:8080";

    private const string Examples = """
        qwensharp doctor                                        # the server on this machine
        qwensharp doctor https://llm.example.com --key KEY --model qwen3-4b
        qwensharp doctor http://127.0.0.1:11434/v1 --json       # another server of OpenAI's protocol
        """;

    public static Command Create(Terminal terminal)
    {
        Argument<string?> url = new("URL")
        {
            Description = $"The server's address, with /v1 or without; {Usual} without it.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        url.Validators.Add(result =>
        {
            if (!IsHttp(result.Tokens[^1].Value))
                result.AddError($"URL must begin with http:// or https://, not be '{result.Tokens[^1].Value}'.");
        });
        Option<string?> key = new("--key") { Description = "The key to send; none without it.", HelpName = "KEY" };
        Option<string?> model = new("--model") { Description = "The model to ask; else the first of the server's.", HelpName = "NAME" };
        Option<int> timeout = Values.Number("--timeout", 1, 3600, "Seconds that an answer may take.", 120);
        Option<bool> json = Values.Json("The findings as JSON.");
        DocumentedCommand command = new(
            "doctor",
            "Checks a running server of OpenAI's protocol as its clients use it, and says what is wrong.",
            Examples)
        {
            url,
            key,
            model,
            timeout,
            json,
        };
        command.SetAction(async (parsed, stop) =>
        {
            using Patient patient = new(
                new Uri(parsed.GetValue(url) ?? Usual), parsed.GetValue(key), TimeSpan.FromSeconds(parsed.GetValue(timeout)));
            Examination examination = new(patient, parsed.GetValue(model));
            List<Checked> all = [];
            await foreach (Checked made in examination.RunAsync(stop).ConfigureAwait(false))
            {
                all.Add(made);
                if (parsed.GetValue(json))
                    continue;

                terminal.Out.WriteLine($"{Word(made.Finding.Verdict),-6}{made.Name,-16}{made.Finding.Says}");
                terminal.Out.Flush();
            }

            bool isWell = all.TrueForAll(made => made.Finding.Verdict != Verdict.Wrong);
            terminal.Out.WriteLine(parsed.GetValue(json) ? Json(patient, examination, all, isWell) : Sum(examination, all));
            return isWell ? ExitCode.Ok : ExitCode.Failure;
        });
        return command;
    }

    private static bool IsHttp(string address) => Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https";

    private static string Word(Verdict verdict) => verdict switch
    {
        Verdict.Ok => "ok",
        Verdict.Weak => "weak",
        Verdict.Wrong => "WRONG",
        _ => "-",
    };

    private static string Sum(Examination examination, List<Checked> all)
    {
        int Count(Verdict verdict) => all.Count(made => made.Finding.Verdict == verdict);

        (int wrong, int weak) = (Count(Verdict.Wrong), Count(Verdict.Weak));
        string asked = examination.Model == "" ? "" : $" ('{examination.Model}' was asked)";
        return (wrong, weak) switch
        {
            (0, 0) => $"All is well{asked}.",
            (0, _) => $"Nothing is wrong, {weak} could be better{asked}.",
            _ => $"{wrong} wrong, {weak} could be better{asked}.",
        };
    }

    private static string Json(Patient patient, Examination examination, List<Checked> all, bool isWell) => new JsonObject
    {
        ["url"] = patient.Address.AbsoluteUri,
        ["model"] = examination.Model,
        ["ok"] = isWell,
        ["checks"] = new JsonArray(
        [
            .. all.Select(made => new JsonObject
            {
                ["name"] = made.Name,
                ["verdict"] = made.Finding.Verdict.ToString().ToLowerInvariant(),
                ["says"] = made.Finding.Says,
                ["milliseconds"] = (long)made.Took.TotalMilliseconds,
            }),
        ]),
    }.ToJsonString(Output.JsonText);
}
