using Microsoft.Extensions.AI;
using QwenSharp;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>
/// Qwen models as services. Each registration has a model of its own, loaded when its service is first asked for and disposed with the
/// provider of the services; <c>client.GetService&lt;QwenModel&gt;()</c> gives it.
/// </summary>
public static class QwenServices
{
    /// <summary>Adds an <see cref="IChatClient"/> on a model, a singleton.</summary>
    /// <param name="services">Where to add it.</param>
    /// <param name="path">A GGUF file or a Hugging Face folder. <see cref="QwenModel.Load"/> tells what may be wrong with it, when the
    /// client is first asked for.</param>
    /// <param name="options">Threads, context, adapters; null for the defaults.</param>
    /// <exception cref="ArgumentException">The path is empty.</exception>
    public static IServiceCollection AddQwenChatClient(this IServiceCollection services, string path, QwenModelOptions? options = null) =>
        services.AddQwenChatClient(Loader(path, options));

    /// <summary>Adds an <see cref="IChatClient"/> on a model that other services choose, a singleton.</summary>
    /// <param name="services">Where to add it.</param>
    /// <param name="load">Loads the model; the provider of the services disposes it.</param>
    public static IServiceCollection AddQwenChatClient(this IServiceCollection services, Func<IServiceProvider, QwenModel> load)
    {
        object model = services.AddModel(load);
        return services.AddSingleton<IChatClient>(provider => new QwenChatClient(provider.GetRequiredKeyedService<QwenModel>(model)));
    }

    /// <summary>Adds an <see cref="IChatClient"/> on a model under a key, for services with several.</summary>
    /// <param name="services">Where to add it.</param>
    /// <param name="serviceKey">The key by which the client is asked for.</param>
    /// <param name="path">A GGUF file or a Hugging Face folder.</param>
    /// <param name="options">Threads, context, adapters; null for the defaults.</param>
    /// <exception cref="ArgumentException">The path is empty.</exception>
    public static IServiceCollection AddKeyedQwenChatClient(
        this IServiceCollection services, object? serviceKey, string path, QwenModelOptions? options = null) =>
        services.AddKeyedQwenChatClient(serviceKey, Loader(path, options));

    /// <summary>Adds an <see cref="IChatClient"/> under a key on a model that other services choose.</summary>
    /// <param name="services">Where to add it.</param>
    /// <param name="serviceKey">The key by which the client is asked for.</param>
    /// <param name="load">Loads the model; the provider of the services disposes it.</param>
    public static IServiceCollection AddKeyedQwenChatClient(
        this IServiceCollection services, object? serviceKey, Func<IServiceProvider, QwenModel> load)
    {
        object model = services.AddModel(load);
        return services.AddKeyedSingleton<IChatClient>(
            serviceKey,
            (provider, _) => new QwenChatClient(provider.GetRequiredKeyedService<QwenModel>(model)));
    }

    /// <summary>
    /// Adds an <see cref="IEmbeddingGenerator{TInput, TEmbedding}"/> on an embedding model, a singleton: a <see cref="TextEmbedder"/>.
    /// </summary>
    /// <param name="services">Where to add it.</param>
    /// <param name="path">A GGUF file or a Hugging Face folder.</param>
    /// <param name="options">Threads and context; null for the defaults.</param>
    /// <exception cref="ArgumentException">The path is empty.</exception>
    public static IServiceCollection AddQwenEmbeddingGenerator(
        this IServiceCollection services, string path, QwenModelOptions? options = null)
    {
        object model = services.AddModel(Loader(path, options));
        return services.AddSingleton<IEmbeddingGenerator<string, Embedding<float>>>(provider => Embedder(provider, model, options));
    }

    /// <summary>
    /// Adds an <see cref="IEmbeddingGenerator{TInput, TEmbedding}"/> on an embedding model under a key, for services with several.
    /// </summary>
    /// <param name="services">Where to add it.</param>
    /// <param name="serviceKey">The key by which the generator is asked for.</param>
    /// <param name="path">A GGUF file or a Hugging Face folder.</param>
    /// <param name="options">Threads and context; null for the defaults.</param>
    /// <exception cref="ArgumentException">The path is empty.</exception>
    public static IServiceCollection AddKeyedQwenEmbeddingGenerator(
        this IServiceCollection services, object? serviceKey, string path, QwenModelOptions? options = null)
    {
        object model = services.AddModel(Loader(path, options));
        return services.AddKeyedSingleton<IEmbeddingGenerator<string, Embedding<float>>>(
            serviceKey,
            (provider, _) => Embedder(provider, model, options));
    }

    // A key that nobody else has: two registrations never share a model by accident, nor does one replace the other's.
    private static object AddModel(this IServiceCollection services, Func<IServiceProvider, QwenModel> load)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(load);
        object key = new();
        services.AddKeyedSingleton(key, (provider, _) => load(provider));
        return key;
    }

    private static Func<IServiceProvider, QwenModel> Loader(string path, QwenModelOptions? options)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return _ => QwenModel.Load(path, options);
    }

    private static TextEmbedder Embedder(IServiceProvider provider, object model, QwenModelOptions? options) =>
        new(provider.GetRequiredKeyedService<QwenModel>(model), options?.Threads ?? 0);
}
