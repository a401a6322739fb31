using Microsoft.Extensions.AI;
using QwenSharp.Engine;
using QwenSharp.Faults;
using QwenSharp.Models;
using QwenSharp.Tokenizers;

namespace QwenSharp;

/// <summary>
/// Embeds texts with a model in this process, as Qwen3-Embedding does (Zhang et al., 2025, arXiv 2506.05176): the final hidden state of
/// <c>&lt;|endoftext|&gt;</c> behind the text, or of what else the checkpoint puts there, of length 1. Its first elements are an embedding
/// too (Matryoshka; Kusupati et al., 2022).
/// </summary>
/// <remarks>
/// Queries go with an instruction that says what is looked for, documents without one: <see cref="InstructionKey"/> in
/// <c>AdditionalProperties</c> of the options. Safe to use from several threads; requests are computed one after the other.
/// </remarks>
public sealed class TextEmbedder : IEmbeddingGenerator<string, Embedding<float>>
{
    /// <summary>The key in <c>EmbeddingGenerationOptions.AdditionalProperties</c> of the task that queries come from, a sentence.</summary>
    public const string InstructionKey = "instruction";

    private const string EndOfText = "<|endoftext|>";

    private readonly QwenModel _model;
    private readonly IReadOnlyList<int> _suffix;
    private readonly LastTokenEvaluator _evaluator;
    private readonly SemaphoreSlim _turn = new(1);
    private int _disposed;
    private readonly EmbeddingGeneratorMetadata _metadata;

    /// <summary>Prepares a model to embed.</summary>
    /// <param name="model">The model; it stays the caller's to dispose.</param>
    /// <param name="threads">How many of the model's threads compute; 0 for all.</param>
    /// <exception cref="InvalidDataException">The model ranks texts, or its vocabulary has no end of text.</exception>
    public TextEmbedder(QwenModel model, int threads = 0)
    {
        if (model.Config.Pooling == Pooling.Rank)
            throw new InvalidDataException($"{model.Id} is a reranker; it makes scores, not embeddings.");

        _model = model;
        _suffix = model.Tokenizer.SequenceSuffix is { Count: > 0 } suffix ? suffix
            : model.Tokenizer.TryGetId(EndOfText, out int id) ? [id]
            : throw new InvalidDataException($"The vocabulary of {model.Id} has no {EndOfText}, which an embedding is read from.");
        _evaluator = new LastTokenEvaluator(model.Weights, threads, resources: model.Resources);
        _metadata = new EmbeddingGeneratorMetadata("qwensharp", defaultModelId: model.Id, defaultModelDimensions: model.Config.Width);
    }

    /// <summary>The form in which the models were trained to see a query and its instruction.</summary>
    public static string WithInstruction(string instruction, string query) => $"Instruct: {instruction}\nQuery:{query}";

    /// <summary>The token ids that a text is embedded as.</summary>
    /// <param name="text">The text. Control tokens in it are text like any other.</param>
    /// <param name="instruction">For queries: the task that they come from, a sentence; null for none.</param>
    /// <param name="truncate">Whether the end of a text that is longer than the context is left out; else it is refused later.</param>
    public int[] Encode(string text, string? instruction = null, bool truncate = false)
    {
        List<int> ids = [.. _model.Tokenizer.SequencePrefix];
        _model.Tokenizer.Encode(instruction is null ? text : WithInstruction(instruction, text), ids, TokenParsing.None);
        return Close(ids, truncate);
    }

    /// <summary>
    /// The same for a text that is token ids already: what the checkpoint puts around each text is added where it is not there.
    /// </summary>
    public int[] Encode(IReadOnlyList<int> text, bool truncate = false)
    {
        ArgumentNullException.ThrowIfNull(text);
        IReadOnlyList<int> prefix = _model.Tokenizer.SequencePrefix;
        List<int> ids = [.. text.Take(prefix.Count).SequenceEqual(prefix) ? [] : prefix, .. text];
        if (ids.Count >= _suffix.Count && ids.TakeLast(_suffix.Count).SequenceEqual(_suffix))
            ids.RemoveRange(ids.Count - _suffix.Count, _suffix.Count);

        return Close(ids, truncate);
    }

    /// <summary>Embeds texts.</summary>
    /// <param name="values">The texts. Control tokens in them are text like any other.</param>
    /// <param name="options"><c>Dimensions</c>: how many elements to keep; <see cref="InstructionKey"/>: for queries, what they are
    /// about.</param>
    /// <param name="cancellationToken">Ends the work between two batches.</param>
    /// <returns>Embeddings of length 1, in the order of the texts.</returns>
    /// <exception cref="ArgumentException">A text is longer than the context, or the dimensions are out of range.</exception>
    /// <exception cref="NotSupportedException">An option cannot be honoured.</exception>
    /// <exception cref="InvalidDataException">The model's weights are damaged: an embedding is not finite.</exception>
    /// <exception cref="ObjectDisposedException">The embedder or the model was disposed, also while it computes.</exception>
    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        (int dimensions, string? instruction) = Read(options);
        return await GenerateAsync([.. values.Select(text => Encode(text, instruction))], dimensions, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Embeds texts that are token ids already.</summary>
    /// <param name="texts">The ids of each, as of <see cref="Encode(string, string?, bool)"/>.</param>
    /// <param name="dimensions">How many elements to keep; null for all.</param>
    /// <param name="cancellationToken">Ends the work between two batches.</param>
    /// <inheritdoc cref="GenerateAsync(IEnumerable{string}, EmbeddingGenerationOptions?, CancellationToken)" path="/returns|/exception"/>
    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IReadOnlyList<int[]> texts, int? dimensions = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        int kept = Kept(dimensions);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        Embedding<float>[] embeddings = new Embedding<float>[texts.Count];
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
            await Task.Run(
                    () =>
                        _evaluator.Evaluate(
                            texts,
                            LastTokenOutput.Hidden,
                            (text, hidden) =>
                                embeddings[text] = new Embedding<float>(Normalize(hidden[..kept]))
                                {
                                    ModelId = _model.Id,
                                    CreatedAt = now,
                                },
                            cancellationToken),
                    cancellationToken)
                .ConfigureAwait(false);
        }
        catch (OptionException fault)
        {
            throw new OptionException(fault.Fault.Renamed(name => name == "sequences" ? "values" : null), fault);
        }
        finally
        {
            _turn.Release();
        }

        long tokens = texts.Sum(text => (long)text.Length);
        return new GeneratedEmbeddings<Embedding<float>>(embeddings)
        {
            Usage = new UsageDetails { InputTokenCount = tokens, TotalTokenCount = tokens },
        };
    }

    /// <summary>Gives the <see cref="QwenModel"/>, the embedder itself, or its <see cref="EmbeddingGeneratorMetadata"/>.</summary>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is not null)
            return null;

        return serviceType.IsInstanceOfType(this) ? this
            : serviceType.IsInstanceOfType(_model) ? _model
            : serviceType.IsInstanceOfType(_metadata) ? _metadata
            : null;
    }

    /// <summary>Waits for the work in progress and frees the memory; the model stays.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;

        _turn.Wait();
        _evaluator.Dispose();
        _turn.Release();
    }

    private (int Dimensions, string? Instruction) Read(EmbeddingGenerationOptions? options)
    {
        if (options?.ModelId is { } asked && asked != _model.Id)
            throw new NotSupportedException($"EmbeddingGenerationOptions.ModelId is '{asked}'; this embedder serves '{_model.Id}' alone.");
        if (options?.RawRepresentationFactory is not null)
            throw new NotSupportedException("EmbeddingGenerationOptions.RawRepresentationFactory has no meaning here.");
        if (options?.AdditionalProperties?.Keys.FirstOrDefault(key => key != InstructionKey) is { } unknown)
        {
            throw new NotSupportedException(
                $"EmbeddingGenerationOptions.AdditionalProperties['{unknown}'] is not supported; there is '{InstructionKey}'.");
        }

        object? instruction = options?.AdditionalProperties?.GetValueOrDefault(InstructionKey);
        return instruction is null or string
            ? (Kept(options?.Dimensions), (string?)instruction)
            : throw new ArgumentException($"'{InstructionKey}' must be a text.", nameof(options));
    }

    private int Kept(int? dimensions)
    {
        int width = _model.Config.Width;
        return dimensions is null || (dimensions >= 1 && dimensions <= width)
            ? dimensions ?? width
            : throw new OptionException(new OptionFault(
                FaultKind.OutOfRange,
                nameof(EmbeddingGenerationOptions.Dimensions),
                $"{dimensions} dimensions are asked for; {_model.Id} has 1 to {width}.")
            {
                Bounds = Bounds.Between(1, width),
            });
    }

    private int[] Close(List<int> ids, bool truncate)
    {
        // What an embedding is read from stays, and so does what begins every sequence.
        int room = _model.Config.ContextLength - _suffix.Count;
        if (truncate && ids.Count > room)
            ids.RemoveRange(room, ids.Count - room);

        ids.AddRange(_suffix);
        return [.. ids];
    }

    private float[] Normalize(ReadOnlySpan<float> hidden)
    {
        double squares = 0;
        foreach (float value in hidden)
            squares += (double)value * value;

        if (!double.IsFinite(squares))
        {
            throw new InvalidDataException(
                $"{_model.Id} makes embeddings that are not finite: its weights are damaged, or too large for their type.");
        }

        // The bound keeps zeros what they are, as torch.nn.functional.normalize does.
        double scale = 1 / Math.Max(Math.Sqrt(squares), 1e-12);
        float[] embedding = new float[hidden.Length];
        for (int i = 0; i < embedding.Length; i++)
            embedding[i] = (float)(hidden[i] * scale);

        return embedding;
    }
}
