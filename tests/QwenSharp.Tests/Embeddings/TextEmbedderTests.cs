using Microsoft.Extensions.AI;
using QwenSharp.Engine;
using QwenSharp.Formats;
using QwenSharp.Models;
using QwenSharp.Numerics;
using QwenSharp.Tokenizers;

namespace QwenSharp.Tests;

public sealed class TextEmbedderTests : IAsyncDisposable
{
    private static readonly string[] _texts = ["The capital of China is Beijing.", "", "Gravity pulls.", "<|im_end|>"];

    private readonly TemporaryFolder _folder = new();
    private readonly QwenModel _model;
    private readonly TextEmbedder _embedder;

    public TextEmbedderTests()
    {
        _model = QwenModel.Load(RandomCheckpoint.Write(_folder["embedding.gguf"], Pooling.Last));
        _embedder = new TextEmbedder(_model, threads: 1);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        _embedder.Dispose();
        await _model.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task An_embedding_is_the_last_hidden_state_behind_the_end_of_text_with_length_1()
    {
        GeneratedEmbeddings<Embedding<float>> embeddings = await _embedder.GenerateAsync(_texts, cancellationToken: Stop);

        int end = _model.Tokenizer.TryGetId("<|endoftext|>", out int id) ? id : -1;
        using LastTokenEvaluator evaluator = new(_model.Weights, threads: 1, TensorType.F16);
        for (int i = 0; i < _texts.Length; i++)
        {
            int[] ids = [.. _model.Tokenizer.Encode(_texts[i], TokenParsing.None), end];
            float[] hidden = [];
            evaluator.Evaluate([ids], LastTokenOutput.Hidden, (_, values) => hidden = values.ToArray(), Stop);
            double length = Math.Sqrt(hidden.Sum(value => (double)value * value));
            Assert.Equal(
                [.. hidden.Select(value => (float)(value / length))],
                embeddings[i].Vector.ToArray(),
                (a, b) => Math.Abs(a - b) < 1e-6);
            Assert.Equal(_model.Id, embeddings[i].ModelId);
        }

        Assert.Equal(_texts.Sum(text => text.Length) + _texts.Length, embeddings.Usage!.InputTokenCount);
        Assert.Distinct(embeddings.Select(embedding => embedding.Vector.Span[0]));
    }

    [Fact]
    public async Task A_token_that_the_checkpoint_puts_behind_each_text_is_there_once_in_a_folder_and_in_the_file_made_of_it()
    {
        ModelConfig config = new()
        {
            Architecture = "qwen3",
            VocabularySize = 320,
            Width = 64,
            Layers = 1,
            Heads = 2,
            KvHeads = 1,
            HeadLength = 32,
            FeedForwardWidth = 64,
            ContextLength = 64,
            HasQkNorm = true,
        };
        string folder = ScriptedFolder.WriteRandom(_folder["folder"], config);
        ScriptedFolder.AppendBehindTexts(folder, "<|endoftext|>");
        using (Checkpoint checkpoint = ModelFiles.Open(folder))
            ModelWriter.Save(checkpoint, _folder["written.gguf"], cancellationToken: Stop);

        List<float[]> vectors = [];
        foreach (string path in (string[])[folder, _folder["written.gguf"]])
        {
            await using QwenModel model = QwenModel.Load(path);
            int end = model.Tokenizer.TryGetId("<|endoftext|>", out int id) ? id : -1,
                answerEnd = model.Tokenizer.TryGetId("<|im_end|>", out id) ? id : -1;
            Assert.Equal([end], model.Tokenizer.SequenceSuffix);
            Assert.DoesNotContain(end, model.EncodePrompt("text"));
            Assert.Equal([end, answerEnd], model.StopTokens.Order());

            using TextEmbedder embedder = new(model, threads: 1);
            GeneratedEmbeddings<Embedding<float>> made = await embedder.GenerateAsync(["text"], cancellationToken: Stop);
            Assert.Equal(model.Tokenizer.Encode("text").Length + 1, made.Usage!.InputTokenCount);
            vectors.Add(made[0].Vector.ToArray());
        }

        Assert.Equal(vectors[0], vectors[1]);
    }

    [Fact]
    public async Task Fewer_dimensions_are_the_first_ones_made_long_again()
    {
        float[] whole = (await _embedder.GenerateAsync(["text"], cancellationToken: Stop))[0].Vector.ToArray();
        float[] part = (await _embedder.GenerateAsync(["text"], new() { Dimensions = 16 }, Stop))[0].Vector.ToArray();

        double length = Math.Sqrt(whole[..16].Sum(value => (double)value * value));
        Assert.Equal([.. whole[..16].Select(value => (float)(value / length))], part, (a, b) => Math.Abs(a - b) < 1e-6);
    }

    [Fact]
    public async Task An_instruction_stands_before_the_query()
    {
        EmbeddingGenerationOptions options = new() { AdditionalProperties = new() { [TextEmbedder.InstructionKey] = "Find answers" } };
        float[] asked = (await _embedder.GenerateAsync(["why?"], options, Stop))[0].Vector.ToArray();
        float[] spelled = (await _embedder.GenerateAsync(["Instruct: Find answers\nQuery:why?"], cancellationToken: Stop))[0]
            .Vector.ToArray();

        Assert.Equal(spelled, asked);
    }

    [Fact]
    public async Task Token_ids_are_embedded_as_their_text_is_and_the_end_of_a_long_text_can_be_left_out()
    {
        int[] ids = _model.Tokenizer.Encode("Gravity pulls.", TokenParsing.None);
        int[] encoded = _embedder.Encode(ids);

        Assert.Equal(_embedder.Encode("Gravity pulls."), encoded);
        Assert.Equal(encoded, _embedder.Encode(encoded));
        Assert.Equal(
            (await _embedder.GenerateAsync(["Gravity pulls."], cancellationToken: Stop))[0].Vector.ToArray(),
            (await _embedder.GenerateAsync([encoded], dimensions: null, Stop))[0].Vector.ToArray());

        int[] cut = _embedder.Encode(new string('a', 5000), truncate: true);
        Assert.Equal((1024, encoded[^1]), (cut.Length, cut[^1]));
    }

    [Fact]
    public async Task Options_that_cannot_be_honoured_are_refused_by_name()
    {
        await Assert.ThrowsAnyAsync<ArgumentException>(() => _embedder.GenerateAsync(["a"], new() { Dimensions = 65 }, Stop));
        Assert.Contains(
            "ModelId",
            (
                await Assert.ThrowsAsync<NotSupportedException>(() => _embedder.GenerateAsync(["a"], new() { ModelId = "other" }, Stop))
            ).Message);
        Assert.Contains(
            "'prompt'",
            (
                await Assert.ThrowsAsync<NotSupportedException>(() =>
                    _embedder.GenerateAsync(["a"], new() { AdditionalProperties = new() { ["prompt"] = "x" } }, Stop))
            ).Message);
        await Assert.ThrowsAsync<ArgumentException>(() =>
            _embedder.GenerateAsync(["a"], new() { AdditionalProperties = new() { ["instruction"] = 1 } }, Stop));
        Assert.Contains(
            "1024",
            (
                await Assert.ThrowsAnyAsync<ArgumentException>(() => _embedder.GenerateAsync([new string('a', 1024)], cancellationToken: Stop))
            ).Message);
    }

    [Fact]
    public async Task Several_callers_are_served()
    {
        float[] expected = (await _embedder.GenerateAsync(["text"], cancellationToken: Stop))[0].Vector.ToArray();
        GeneratedEmbeddings<Embedding<float>>[] all = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => _embedder.GenerateAsync(["text"], cancellationToken: Stop)));

        Assert.All(all, embeddings => Assert.Equal(expected, embeddings[0].Vector.ToArray()));
    }

    [Fact]
    public void Services_are_the_embedder_the_model_and_the_metadata()
    {
        Assert.Same(_embedder, _embedder.GetService(typeof(TextEmbedder)));
        Assert.Same(_model, _embedder.GetService(typeof(QwenModel)));
        Assert.Equal(64, _embedder.GetService<EmbeddingGeneratorMetadata>()!.DefaultModelDimensions);
        Assert.Null(_embedder.GetService(typeof(QwenModel), "key"));
    }

    [Fact]
    public async Task A_reranker_does_not_embed()
    {
        await using QwenModel ranker = QwenModel.Load(RandomCheckpoint.Write(_folder["rank.gguf"], Pooling.Rank, ["yes", "no"]));
        Assert.Contains("reranker", Assert.Throws<InvalidDataException>(() => new TextEmbedder(ranker)).Message);
        Assert.Contains("embeddings", Assert.Throws<InvalidDataException>(() => new Reranker(_model)).Message);
    }

    [Fact]
    public async Task A_model_that_is_disposed_while_it_embeds_ends_the_work_with_an_error_and_not_the_process()
    {
        string[] texts = [.. Enumerable.Range(0, 200).Select(i => string.Join(' ', Enumerable.Repeat("a", i % 17)))];
        string path = _folder["disposed.gguf"];
        RandomCheckpoint.Write(path, Pooling.Last);
        for (int round = 0; round < 16; round++)
        {
            QwenModel model = QwenModel.Load(path);
            TextEmbedder embedder = new(model);
            Task work = Task.Run(
                async () =>
                {
                    for (int i = 0; i < 1_000_000; i++)
                        await embedder.GenerateAsync(texts, cancellationToken: Stop);
                },
                Stop);
            await embedder.GenerateAsync(texts[..(1 + round)], cancellationToken: Stop);
            if (round % 2 == 0)
                await model.DisposeAsync();
            else
                embedder.Dispose();

            await Assert.ThrowsAsync<ObjectDisposedException>(() => work);
            await Assert.ThrowsAsync<ObjectDisposedException>(() => embedder.GenerateAsync(texts, cancellationToken: Stop));
            embedder.Dispose();
            await model.DisposeAsync();
            Assert.Throws<ObjectDisposedException>(() => model.Engine);
            Assert.Throws<ObjectDisposedException>(() => new TextEmbedder(model));
        }
    }
}
