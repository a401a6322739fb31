using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Checkpoints;
using QwenSharp.Constraints;
using QwenSharp.Engine;
using QwenSharp.Faults;
using QwenSharp.Formats;
using QwenSharp.Generation;
using QwenSharp.Models;
using QwenSharp.Numerics;
using QwenSharp.Tokenizers;

namespace QwenSharp;

/// <summary>
/// A model that is ready to answer: weights mapped from a GGUF file or a Hugging Face folder, its tokenizer and chat template, and the
/// engine that
/// computes all requests in one batch. Safe to use from several threads.
/// </summary>
public sealed class QwenModel : IAsyncDisposable, IDisposable
{
    private const string CacheExtension = ".qwprefix";

    private readonly Checkpoint _file;
    private readonly SamplingOptions _recommended;
    private readonly SamplingOptions _recommendedForReasoning;
    private readonly Lazy<ChatTemplate> _template;
    private readonly EngineOptions _engineOptions;
    private readonly Lock _gate = new();

    // Guarded by the gate.
    private InferenceEngine? _engine;
    private bool _disposed;

    // All metadata is read here: reading marks keys as consumed, which is not for many threads.
    private QwenModel(Checkpoint file, LanguageModel weights, BpeTokenizer tokenizer, QwenModelOptions options)
    {
        _file = file;
        _recommended = Checkpoints.RecommendedSampling.Of(file.Metadata, reasons: false);
        _recommendedForReasoning = Checkpoints.RecommendedSampling.Of(file.Metadata, reasons: true);
        Id = options.Id ?? IdOf(file);
        Weights = weights;
        Adapters = options.Adapters.ToDictionary(adapter => adapter.Key, adapter => Fit(adapter.Key, adapter.Value));
        Tokenizer = tokenizer;
        StopTokens = CheckpointVocabulary.StopTokens(file.Metadata, tokenizer);
        Replies = new ReplyPlanner(new ReplyVocabulary(tokenizer, StopTokens));
        string? template = CheckpointTemplate.TextOf(file, tokenizer);
        _template = new Lazy<ChatTemplate>(() =>
            CheckpointTemplate.Compile(file.Path, template, QwenChatTemplate.SpecialTokens(tokenizer)));
        Resources = options.Resources?.Share() ?? new MachineResources(options.Threads);
        _engineOptions = options.ToEngineOptions() with
        {
            Resources = Resources,
            PrefixFile = options.PrefixCache && options.CacheFolder is { } folder ? PrefixFileIn(folder, options.Notice) : null,
        };
    }

    /// <summary>The name under which the model is known.</summary>
    public string Id { get; }

    /// <summary>Makes of what a request asks what its answers are held to.</summary>
    internal ReplyPlanner Replies { get; }

    /// <summary>The adapters that were loaded beside it, by the names by which requests choose them.</summary>
    public IReadOnlyDictionary<string, FittedAdapter> Adapters { get; }

    /// <summary>Its own name, and those of its adapters.</summary>
    public IReadOnlyList<string> Names => [Id, .. Adapters.Keys];

    /// <summary>
    /// What the files say and was read as something else, as it must be meant: a sentence each, for whoever runs the model.
    /// </summary>
    public IReadOnlyList<string> Repairs => _file.Repairs;

    /// <summary>
    /// What it was trained for: as its pooling and its head say, else as it is called, for what is published with neither (Qwen3-Reranker
    /// and Qwen3Guard are language models to their configuration).
    /// </summary>
    public ModelPurpose Purpose =>
        Config.Pooling == Pooling.Rank || Weights.ClassifierOutputs > 0 ? ModelPurpose.Ranking
        : Config.Pooling == Pooling.Last || Tokenizer.SequenceSuffix.Count > 0 ? ModelPurpose.Embedding
        : IsCalled("rerank") ? ModelPurpose.Ranking
        : IsCalled("embed") ? ModelPurpose.Embedding
        : IsCalled("guard") ? ModelPurpose.Safety
        : ModelPurpose.Text;

    /// <summary>The model's lengths and constants.</summary>
    public ModelConfig Config => Weights.Config;

    /// <summary>The weights.</summary>
    public LanguageModel Weights { get; }

    /// <summary>Text to token ids and back.</summary>
    public BpeTokenizer Tokenizer { get; }

    /// <summary>How a conversation becomes a prompt; ChatML where the file has no template of its own.</summary>
    /// <exception cref="TemplateException">The file's template cannot be parsed.</exception>
    public ChatTemplate Template => _template.Value;

    /// <summary>The engine, started at the first use.</summary>
    /// <exception cref="ArgumentException">The options do not fit the model or the memory.</exception>
    /// <exception cref="MemoryBudgetException">Others have not left enough of the machine's memory.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public InferenceEngine Engine
    {
        get
        {
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                return _engine ??= new InferenceEngine(Weights, _engineOptions);
            }
        }
    }

    /// <summary>The threads and the memory that the model computes with, and what embeds or ranks with it.</summary>
    public MachineResources Resources { get; }

    /// <summary>Positions that one sequence may have, prompt and answer together.</summary>
    public int ContextLength => Engine.ContextLength;

    /// <summary>What the model is doing at this moment; nothing, as long as its engine was not needed. To look starts none.</summary>
    public ModelActivity Activity
    {
        get
        {
            InferenceEngine? engine;
            lock (_gate)
                engine = _engine;

            EngineStatistics now = engine?.Statistics ?? default;
            return new ModelActivity(_engineOptions.MaxSequences, now.Running, now.Waiting)
            {
                KvBlocks = now.KvBlocks,
                FreeKvBlocks = now.FreeKvBlocks,
                KeptKvBlocks = now.KeptKvBlocks,
                ReusedTokens = now.ReusedTokens,
                PrefillTokens = now.PrefillTokens,
                GeneratedTokens = now.GeneratedTokens,
                Preemptions = now.Preemptions,
            };
        }
    }

    /// <summary>The tokens that end an answer.</summary>
    public IReadOnlyCollection<int> StopTokens { get; }

    /// <summary>Opens a model. The weights are mapped, not read: the first answers page them in.</summary>
    /// <param name="path">A GGUF file with a tokenizer (any file of a split model), or a Hugging Face folder.</param>
    /// <param name="options">Threads, context, KV cache; null for the defaults.</param>
    /// <exception cref="IOException">A file is missing or damaged (<see cref="GgufException"/>, <see cref="SafetensorsException"/>,
    /// <see cref="HuggingFaceException"/>).</exception>
    /// <exception cref="InvalidDataException">The file has no weights or no tokenizer.</exception>
    /// <exception cref="ModelLoadException">The architecture or a tensor is not what this build runs.</exception>
    /// <exception cref="TokenizerFormatException">The tokenizer is not a Qwen one.</exception>
    /// <exception cref="ArgumentException">An adapter has the model's own name.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder of the cache cannot be made.</exception>
    public static QwenModel Load(string path, QwenModelOptions? options = null)
    {
        if (options?.CacheFolder is { } folder)
            Directory.CreateDirectory(folder);

        Checkpoint file = ModelFiles.Open(path);
        try
        {
            if (file.Tensors.Count == 0)
                throw new InvalidDataException($"{path} is a vocabulary without weights; it can tokenize, not answer.");

            file.RequireGenerationSettings();

            // The tokenizer takes its part of the metadata first, and is then built while the weights are wired.
            Task<BpeTokenizer> tokenizer = Task.Run(CheckpointVocabulary.Prepare(file));
            LanguageModel weights = LanguageModel.Load(file);
            return new QwenModel(file, weights, tokenizer.GetAwaiter().GetResult(), options ?? new QwenModelOptions());
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>
    /// What a request leaves open: the checkpoint's own <c>general.sampling.*</c>, and for the rest what Qwen publishes,
    /// temperature 0.6 and top-p 0.95 with reasoning, 0.7 and 0.8 without, top-k 20 (https://huggingface.co/Qwen/Qwen3-4B#best-practices).
    /// </summary>
    /// <param name="reasons">Whether the answer begins with reasoning.</param>
    public SamplingOptions RecommendedSampling(bool reasons = false) => reasons ? _recommendedForReasoning : _recommended;

    /// <summary>
    /// The token ids of a prompt as it stands: control tokens in it are parsed, and a token that begins every sequence is added where the
    /// model has one.
    /// </summary>
    /// <exception cref="ArgumentException">It is much longer than the context.</exception>
    public int[] EncodePrompt(string prompt)
    {
        RequireRoom([prompt]);
        List<int> ids = [];
        Tokenizer.Begin(ids);
        Tokenizer.Encode(prompt, ids, TokenParsing.All);
        return [.. ids];
    }

    /// <summary>
    /// Refuses a prompt whose texts alone are longer than the context, before it is rendered and tokenised as a whole: megabytes that
    /// cannot be answered are to cost next to nothing.
    /// </summary>
    /// <param name="texts">Texts of which the prompt is made; white space around them may be left out.</param>
    /// <exception cref="ArgumentException">They have more tokens than the context; the parameter is the prompt.</exception>
    internal void RequireRoom(IReadOnlyCollection<string> texts)
    {
        // A few characters a token: shorter texts may fit, and cost little to be seen not to.
        const int CharactersAToken = 4;
        if (texts.Sum(text => (long)text.Length) <= (long)CharactersAToken * ContextLength)
            return;

        // Somewhat more than is needed to see it: clients make a prompt shorter by what they are told.
        long counted = 0, enough = 2L * ContextLength;
        foreach (string text in texts.TakeWhile(_ => counted <= enough))
            counted += Tokenizer.CountAtLeast(text.AsSpan().Trim(), (int)Math.Min(enough, int.MaxValue));

        if (counted <= ContextLength)
            return;

        OptionName prompt = new(nameof(GenerationRequest.Prompt));
        throw new OptionException(new OptionFault(
            FaultKind.TooLong,
            prompt.Value,
            $"{prompt} has more than {ContextLength} tokens; the context of {ContextLength} has room for {ContextLength - 1} and an "
                + $"answer.")
        {
            Bounds = Bounds.AtMost(ContextLength - 1),
            Given = counted,
        });
    }

    /// <summary>Reads neutral options for a prompt without a conversation; what only a chat template could honour is refused.</summary>
    /// <param name="options">The caller's; null for none. <see cref="ChatOptions.ModelId"/> chooses among <see cref="Names"/>.</param>
    /// <param name="modelId">Which of these names answers where the options name none; null for the model's own.</param>
    /// <exception cref="NotSupportedException">An option cannot be honoured.</exception>
    /// <exception cref="ArgumentException">An option has a value of the wrong type.</exception>
    public TextGenerationOptions ReadOptions(ChatOptions? options, string? modelId = null)
    {
        ChatRequest request = ChatRequest.Read(options, this, modelId ?? Id, _ => RecommendedSampling());
        if (request.Prompt.Tools.Count > 0)
            throw NeedsConversation(nameof(ChatOptions.Tools), "need a conversation; a plain prompt has no place for them.");
        if (request.Prompt.Instructions is not null)
            throw NeedsConversation(nameof(ChatOptions.Instructions), "need a conversation; a plain prompt has no place for them.");
        if (request.Prompt.ContinueFinalMessage)
            throw NeedsConversation(ChatOptionKeys.ContinueFinalMessage, "needs a conversation; a plain prompt is gone on with as it is.");
        if (request.Prompt.Variables.Count > 0)
            throw NeedsConversation(ChatOptionKeys.ChatTemplateKwargs, "need a conversation; a plain prompt has no template.");

        return request.Generation with { Constraint = Replies.Plan(request.Answer) };
    }

    /// <summary>
    /// Continues a prompt. The request is checked at once; generation begins with the enumeration, and leaving or cancelling it
    /// ends the sequence within one step of the engine.
    /// </summary>
    /// <param name="prompt">Token ids; at least one.</param>
    /// <param name="options">Sampling and limits; null for the checkpoint's recommendation up to the end of the context.</param>
    /// <param name="cancellationToken">Ends the generation.</param>
    /// <returns>Chunks of text; the last one carries <see cref="TextChunk.Finish"/> and <see cref="TextChunk.Usage"/>.</returns>
    /// <exception cref="ArgumentException">The prompt is too long, or an option is out of range; the parameter name says which.</exception>
    /// <exception cref="QueueFullException">Too many sequences wait already, also when the enumeration begins.</exception>
    public IAsyncEnumerable<TextChunk> CompleteAsync(
        ReadOnlyMemory<int> prompt, TextGenerationOptions? options = null, CancellationToken cancellationToken = default) =>
        CompleteAsync(prompt, choices: 1, options, cancellationToken)[0];

    /// <summary>Continues one prompt several times at once, and computes it once; else as for one answer.</summary>
    /// <param name="prompt">Token ids; at least one.</param>
    /// <param name="choices">How many answers, at least one; a seed counts up from one to the next, lest all be equal.</param>
    /// <param name="options">Sampling and limits; null for the checkpoint's recommendation up to the end of the context.</param>
    /// <param name="cancellationToken">Ends the generation.</param>
    /// <returns>The answers, each a stream of its own, to be enumerated once; all of them begin with the first enumeration.</returns>
    /// <exception cref="ArgumentException">The prompt is too long, or an option is out of range; the parameter name says which.</exception>
    /// <exception cref="QueueFullException">Too many sequences wait already, also when the enumeration begins.</exception>
    public IReadOnlyList<IAsyncEnumerable<TextChunk>> CompleteAsync(
        ReadOnlyMemory<int> prompt, int choices, TextGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(choices, 1);
        options ??= new TextGenerationOptions();
        return
        [
            .. Engine.GenerateChoices(RequestOf(prompt, options), choices, cancellationToken).Select(tokens =>
                Assemble(tokens, new TextAssembler(Tokenizer, options, prompt.Length), cancellationToken)),
        ];
    }

    /// <summary>Words what the prefix cache had of a prompt.</summary>
    internal Func<PromptReuse, CachedPrompt> Describe(ReadOnlyMemory<int> prompt) => reuse => new CachedPrompt(reuse.Tokens, prompt.Length)
    {
        DivergedAtToken = reuse.Parts,
        DivergedAtCharacter = reuse.Parts is { } parts ? Tokenizer.Decode(prompt.Span[..parts]).Length : null,
        Reason = reuse.Loss switch
        {
            ReuseLoss.Evicted => "evicted",
            ReuseLoss.NoState => "no-snapshot",
            _ => reuse.Parts is null ? null : "changed-text",
        },
    };

    /// <summary>
    /// Starts the engine and reads the template, so that what is wrong with either shows now and not at the first request.
    /// </summary>
    /// <exception cref="ArgumentException">The options do not fit the model or the memory.</exception>
    /// <exception cref="TemplateException">The file's template cannot be parsed.</exception>
    public void Prepare()
    {
        _ = Engine;
        _ = Template;
    }

    /// <summary>
    /// Ends all generation, saves the cache where it has a folder, waits for the step in progress of whatever else
    /// computes with the weights, and unmaps them. Embedders and
    /// rerankers that still compute end with <see cref="ObjectDisposedException"/>.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        InferenceEngine? engine;
        lock (_gate)
            (_disposed, engine) = (true, _engine);

        if (engine is not null)
            await engine.DisposeAsync().ConfigureAwait(false);

        _file.Dispose();
        Resources.Dispose();
    }

    /// <summary>The same for who cannot await: returns once the engine has ended its step.</summary>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private static async IAsyncEnumerable<TextChunk> Assemble(
        IAsyncEnumerable<GeneratedToken> tokens, TextAssembler assembler, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (GeneratedToken token in tokens.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (assembler.Append(token) is not { } chunk)
                continue;

            yield return chunk;
            if (chunk.Finish is not null)
                yield break;
        }
    }

    private GenerationRequest RequestOf(ReadOnlyMemory<int> prompt, TextGenerationOptions options) => new()
    {
        Prompt = prompt,
        Adapter = options.Adapter is { } name
            ? Adapters.GetValueOrDefault(name)
                ?? throw new OptionException(OptionFault.Of(
                    FaultKind.OutOfRange,
                    nameof(options.Adapter),
                    $"is '{name}', which there is not; {ListAdapters()}."))
            : null,
        Sampling = options.Sampling ?? RecommendedSampling(),
        MaxTokens = options.MaxTokens,
        StopTokens = options.IgnoresEndOfSequence ? options.StopTokens : [.. StopTokens, .. options.StopTokens],
        CachePoints = options.CachePoints,
        Constraint = options.Constraint,
        Owner = options.Owner,
        Priority = options.Priority,
        Logprobs = options.Logprobs,
        TopLogprobs = options.TopLogprobs,
    };

    private static OptionNotSupportedException NeedsConversation(string option, string reason) => new(option, reason);

    private PrefixFile PrefixFileIn(string folder, Action<string>? notice) => new(
        Path.Combine(folder, CheckpointIdentity.FileNameOf(Id) + CacheExtension), CheckpointIdentity.Of(_file))
    {
        Adapters = Adapters.ToDictionary(adapter => CheckpointIdentity.Of(adapter.Key, adapter.Value.Adapter), adapter => adapter.Value),
        Notice = notice,
    };

    private FittedAdapter Fit(string name, string path) => name != Id
        ? Weights.Fit(AdapterFile.Read(path, Config, name))
        : throw new ArgumentException($"'{name}' is the name of the model; give the adapter another.");

    private string ListAdapters() =>
        Adapters.Count == 0 ? "none was loaded with the model" : $"there are {string.Join(", ", Adapters.Keys)}";

    // The folders above it are no part of its name.
    private bool IsCalled(string word) =>
        ((string[])[Id, Path.GetFileName(Path.TrimEndingDirectorySeparator(_file.Path))])
            .Any(name => name.Contains(word, StringComparison.OrdinalIgnoreCase));

    private static string IdOf(Checkpoint file)
    {
        if (file is HuggingFaceCheckpoint)
            return file.Metadata.GetString("general.name");

        string name = Path.GetFileNameWithoutExtension(file.Files[0]);
        return file.Files.Count > 1 ? name[..name.LastIndexOf("-00001-of-", StringComparison.Ordinal)] : name;
    }
}
