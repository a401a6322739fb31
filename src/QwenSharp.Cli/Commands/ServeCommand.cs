using System.CommandLine;
using QwenSharp.Cli.Config;
using QwenSharp.Cli.Hub;
using QwenSharp.Cli.Options;
using QwenSharp.Cli.Telemetry;
using QwenSharp.Cli.Terminals;
using QwenSharp.Gateway.Configuration;
using QwenSharp.Numerics;
using QwenSharp.Server;

namespace QwenSharp.Cli.Commands;

/// <summary><c>qwensharp serve</c>: models behind HTTP, in the protocols that clients speak.</summary>
internal static class ServeCommand
{
    private const string Examples = """
        qwensharp serve                                         # the small model in the box
        qwensharp serve --model qwen3-4b-q4_k_m.gguf
        qwensharp serve --model qwen3-4b.gguf --adapter support=support/ --adapter sql=sql.gguf    # three models, one set of weights
        qwensharp serve --model qwen3-4b.gguf --model qwen2.5-coder-7b.gguf --port 9000
        qwensharp serve --models-folder ~/models --alias 'gpt-*=qwen3-4b' --keep-alive 30    # loaded when they are asked for
        qwensharp serve --config qwensharp.yaml                 # everything below, in a file; 'qwensharp config check' reads it
        qwensharp serve --config team.yaml                      # with providers and routes: a gateway to other servers and clouds
        curl http://127.0.0.1:8080/v1/chat/completions -H "Content-Type: application/json" \
          -d '{"model": "qwen3-4b-q4_k_m", "messages": [{"role": "user", "content": "Hello"}]}'
        """;

    // Everybody on the machine can read the command line of a process.
    private const string ApiKeyVariable = "QWENSHARP_API_KEY";

    public static Command Create(Terminal terminal)
    {
        Option<string[]> models = new("--model")
        {
            Description =
                "A GGUF file, a Hugging Face folder, or the name of a pulled model; repeat for several. Requests choose one by that name, "
                    + "or the file's without extension. Without it the small model in the box.",
            HelpName = "MODEL",
        };
        Option<string[]> adapters = AdapterArguments.Named();
        Option<string> host = new("--host")
        {
            Description = "The address to listen on; * for all.",
            HelpName = "ADDRESS",
            DefaultValueFactory = _ => "127.0.0.1",
        };
        Option<int> port = Values.Number("--port", 0, 65535, "The TCP port; 0 for a free one.", 8080);
        Option<string?> apiKey = new("--api-key")
        {
            Description =
                $"What clients may send as 'Authorization: Bearer KEY' to do everything; 'qwensharp keys' makes further ones. "
                    + $"Better in the environment as {ApiKeyVariable}: command lines can "
                    + "be seen by others.",
            HelpName = "KEY",
        };
        Values.Check(apiKey, key => !string.IsNullOrWhiteSpace(key), "may not be empty");
        Option<bool> openToAll = new("--open-to-all")
        {
            Description = "Let everybody in who reaches the port, where there is no key and the address is not this machine's own.",
        };
        LibraryArguments library = new();
        Option<bool> log = new("--log-requests") { Description = "One line on standard error for each request." };
        Option<long?> kvMemory = Values.Bytes(
            "--kv-memory",
            "Memory for keys and values of all running sequences and of the prefix cache; without it up to half of what is free.");
        Option<long?> stateMemory = Values.Bytes(
            "--state-memory",
            "Memory for the recurrent states that the prefix cache of a hybrid model keeps, 0 for none; without it up to an eighth of "
                + "what is free.",
            least: 0);
        Option<bool> noPrefixCache = new("--no-prefix-cache")
        {
            Description = "Compute every prompt from its beginning, whatever earlier ones have in common with it.",
        };
        Option<string?> cacheDir = new("--cache-dir")
        {
            Description =
                "A folder in which what prompts have in common with earlier ones outlives the server: saved every few minutes and at "
                    + "the end.",
            HelpName = "FOLDER",
        };
        Values.Check(cacheDir, path => path != "", "may not be empty");
        Option<int?> running = Values.Optional("--max-running", 1, 4096, "Answers that are computed at the same time; others wait.");
        Option<int?> waiting = Values.Optional(
            "--max-waiting", 1, int.MaxValue, "Answers that wait at most; more are refused with 503 and when to come back.");
        Option<int?> deadline = Values.Optional(
            "--deadline", 1, 86400, "Seconds that a request may take, waiting included; then it ends with 504.");
        Option<string?> config = new("--config")
        {
            Description = "A file with these options, and models with options of their own; what is on the command line comes first.",
            HelpName = "FILE",
        };
        OperationArguments operation = new();
        ModelOptions modelOptions = new();
        DocumentedCommand command = new(
            "serve",
            "Serves models over HTTP in the protocols of OpenAI (/v1/chat/completions, /v1/responses, …), Anthropic (/v1/messages), Ollama "
                + "(/api) and DashScope (/api/v1), with what clients of vLLM and llama-server ask beside them.",
            Examples)
        {
            models,
            adapters,
            host,
            port,
            apiKey,
            openToAll,
            log,
            kvMemory,
            stateMemory,
            noPrefixCache,
            cacheDir,
            running,
            waiting,
            deadline,
            config,
        };
        library.AddTo(command);
        modelOptions.AddTo(command);
        operation.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(adapters) is { Tokens.Count: > 0 } && result.GetResult(models) is { Tokens.Count: > 1 })
                result.AddError("--adapter needs exactly one --model: the weights that it changes.");
            if (result.GetValue(noPrefixCache) && result.GetValue(cacheDir) is not null)
                result.AddError("--cache-dir saves what --no-prefix-cache keeps nothing of.");
        });
        QwenModelOptions ReadModel(ParseResult parsed) => modelOptions.Read(parsed) with
        {
            KvBytes = parsed.GetValue(kvMemory),
            StateCacheBytes = parsed.GetValue(stateMemory),
            PrefixCache = !parsed.GetValue(noPrefixCache),
            CacheFolder = parsed.GetValue(cacheDir),
            MaxSequences = parsed.GetValue(running),
            MaxWaiting = parsed.GetValue(waiting),
        };
        command.SetAction(async (given, stop) =>
        {
            ServeFile? file = given.GetValue(config) is { } path ? ReadFile(path, command) : null;
            ParseResult parsed = file is null ? given : Whole(file.Merge(given));
            QwenModelOptions read = ReadModel(parsed);

            // Models that are loaded later need it too.
            if (read.CacheFolder is { } folder)
                Make(folder);

            // However many models there are, they compute on the threads and in the memory of one machine.
            using MachineResources machine = new(read.Threads);
            ModelSource Source(LocalModel model, string? name, ParseResult own) => new(
                model.Path,
                ReadModel(own) with { Id = name ?? model.Id, Resources = machine, Adapters = AdapterArguments.Read(own, adapters) });
            string[] named = parsed.GetValue(models) ?? [];
            ModelSource[] sources =
                named.Length > 0 ? [.. named.Select(name => Source(LocalModel.Of(name), null, parsed))]
                : file is { Models.Count: > 0 }
                    ? [.. file.Models.Select(model => Source(LocalModel.Of(model.Path), model.Name, file.Merge(given, model)))]
                : file is { Gateway.IsEmpty: false } ? []
                : [Source(BoxModel.Introduce(terminal), null, parsed)];
            ServerOptions options = new()
            {
                Host = parsed.GetValue(host)!,
                Port = parsed.GetValue(port),
                Models = sources,
                Gateway = file?.Gateway.Open() ?? GatewaySettings.None,
                Library = library.Read(parsed, read with { Resources = machine }),
                Aliases = library.Aliases(parsed),
                KeepAlive = library.KeepAlive(parsed),
                Machine = machine,
                State = library.State(parsed),
                ApiKey = parsed.GetValue(apiKey) ?? KeyFromEnvironment(),
                OpenToAll = parsed.GetValue(openToAll),
                LogRequests = parsed.GetValue(log),
                Deadline = parsed.GetValue(deadline) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            };
            options = operation.Apply(parsed, options);
            using OtlpExport? export = operation.Otlp(parsed) is { } endpoint ? new OtlpExport(endpoint) : null;
            await QwenServer.RunAsync(options, server => Announce(terminal, server), stop).ConfigureAwait(false);
            // Who asks a server to end, as init systems do, finds that it has done its work.
            return terminal.Interrupts.Code == ExitCode.Terminated ? ExitCode.Ok : terminal.Interrupts.Code;
        });
        return command;
    }

    /// <exception cref="IOException">It cannot be made.</exception>
    private static void Make(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The folder of the cache cannot be made: {fault.Message}", fault);
        }
    }

    /// <exception cref="UsageException">Something is wrong with the file.</exception>
    private static ServeFile ReadFile(string path, Command command)
    {
        ServeFile file = ServeFile.Read(path, command);
        return file.Problems is [var problem, ..] ? throw new UsageException($"{problem}") : file;
    }

    /// <exception cref="UsageException">The file and the command line do not go together.</exception>
    private static ParseResult Whole(ParseResult merged) =>
        merged.Errors is [var error, ..] ? throw new UsageException(error.Message) : merged;

    /// <exception cref="UsageException">The variable is there and blank, which would let everybody in.</exception>
    private static string? KeyFromEnvironment() =>
        Environment.GetEnvironmentVariable(ApiKeyVariable) is not { } key ? null
        : string.IsNullOrWhiteSpace(key)
            ? throw new UsageException($"{ApiKeyVariable} is set and empty; give it a key, or unset it to let everybody in.")
        : key;

    private static void Announce(Terminal terminal, QwenServer server)
    {
        Output.Tell(terminal, server.Repairs);
        terminal.Out.WriteLine($"Listening on {server.Address}; Ctrl-C ends.");
        terminal.Out.Flush();
    }
}
